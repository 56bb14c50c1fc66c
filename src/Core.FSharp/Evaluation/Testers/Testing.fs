namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// What a test found.
[<Sealed>]
type TestResults
    internal
    (
        splits: IReadOnlyDictionary<string, SplitResults>,
        evaluated: IReadOnlyList<SplitToEval>,
        levels: string,
        warnings: IReadOnlyList<string>
    ) =

    /// By the name of the split.
    member _.Splits = splits

    /// What was compared with what.
    member _.Evaluated = evaluated

    /// The levels of labels that were evaluated, joined by `_`.
    member _.Levels = levels

    /// What is doubtful about the results.
    member _.Warnings = warnings

/// Evaluating embeddings of data sets. Networks and losses are in evaluation mode meanwhile; their modes, weights, buffers
/// and all random streams stay as they were.
module Testing =

    let private normalizer = LpDistance()

    let private raw (options: TestOptions) : EmbeddingOptions =
        { options.Embedding with
            NormalizeEmbeddings = false
            Reading =
                { options.Embedding.Reading with
                    Level = LabelLevels.toRead options.Space options.Embedding.Reading.Level
                }
        }

    let private model (options: TestOptions) (trunk: torch.nn.Module) (embedder: torch.nn.Module | null) =
        EmbeddingModel(trunk, (if options.UseTrunkOutput then null else embedder))

    // Principal components of the references, then lengths of 1.
    let private prepare (options: TestOptions) (references: torch.Tensor) (embeddings: torch.Tensor list) =
        let projected =
            if options.Pca.HasValue then
                let pca = Pca.Fit(references, options.Pca.Value)
                List.map pca.Project embeddings
            else
                embeddings

        if options.Embedding.NormalizeEmbeddings then
            List.map normalizer.Normalize projected
        else
            projected

    let private join (several: LabelledEmbeddings list) : LabelledEmbeddings =
        match several with
        | [ one ] -> one
        | several ->
            new LabelledEmbeddings(
                torch.cat (several |> Seq.map _.Embeddings |> Seq.toArray, 0L),
                torch.cat (several |> Seq.map _.Labels |> Seq.toArray, 0L)
            )

    let private compare
        (options: TestOptions)
        (find: string -> LabelledEmbeddings list)
        (split: SplitToEval)
        : Compared =
        let query, references, includesQuery =
            match options.Space, find split.Query with
            | EmbeddingSpace.TwoStream, [ anchors; others ] -> anchors, others, false
            | _, found -> found.Head, split.References |> Seq.collect find |> Seq.toList |> join, split.IncludesQuery

        let isSame = Object.ReferenceEquals(query, references)

        match
            prepare
                options
                references.Embeddings
                [
                    references.Embeddings
                    if not isSame then
                        query.Embeddings
                ]
        with
        | [ others; own ] ->
            {
                Query = new LabelledEmbeddings(own, query.Labels)
                Reference = new LabelledEmbeddings(others, references.Labels)
                RefIncludesQuery = includesQuery
            }
        | prepared ->
            let itself = new LabelledEmbeddings(prepared.Head, references.Labels)

            {
                Query = itself
                Reference = itself
                RefIncludesQuery = includesQuery
            }

    let private evaluate
        (options: TestOptions)
        (levels: LabelLevels)
        (compared: Compared)
        (warnings: ResizeArray<string>)
        : Dictionary<string, Accuracy> =
        let values = Dictionary<string, Accuracy>()

        let byLevel =
            [
                for struct (level, _) in levels.Levels do
                    let found = LevelScores.ofLevel options.Space options.Accuracy levels level compared

                    warnings.AddRange found.Warnings

                    for entry in found.Values do
                        values[$"{entry.Key}_level{level}"] <- entry.Value

                    found
            ]

        if byLevel.Length > 1 then
            for name in byLevel.Head.Values.Keys do
                let scores =
                    byLevel
                    |> List.choose (fun found ->
                        match found.Values.TryGetValue name with
                        | true, accuracy -> Some accuracy.Value
                        | _ -> None)

                values[$"AVERAGE_{name}"] <- Accuracy(List.average scores)

        values

    let private addLosses
        (options: TestOptions)
        (levels: LabelLevels)
        (embeddings: LabelledEmbeddings list)
        (values: Dictionary<string, Accuracy>)
        =
        let struct (_, column) = levels.Levels[0]
        let split = join embeddings
        let labels = split.Labels.select (1L, column)

        for entry in options.Losses do
            values[entry.Key] <-
                Accuracy(ValidationLoss.mean options.Embedding.BatchSize entry.Value split.Embeddings labels)

    let private embed (options: TestOptions) (model: EmbeddingModel) (dataset: Dataset) : LabelledEmbeddings list =
        match options.Space with
        | EmbeddingSpace.TwoStream -> DatasetEmbeddings.computeStreams 2 model (raw options) dataset |> List.ofArray
        | _ -> [ DatasetEmbeddings.compute model (raw options) dataset ]

    /// The embeddings of a data set, and their labels, as a test sees them: (N × D) and (N × levels); of two streams one after the
    /// other. They belong to the caller.
    let embeddings
        (options: TestOptions)
        (trunk: torch.nn.Module)
        (embedder: torch.nn.Module | null)
        (dataset: Dataset)
        : LabelledEmbeddings[] =
        use scope = torch.NewDisposeScope()
        use _ = torch.no_grad ()
        let streams = embed options (model options trunk embedder) dataset

        let prepared =
            prepare options (join streams).Embeddings (streams |> List.map _.Embeddings)

        [|
            for found, ready in List.zip streams prepared do
                scope.MoveToOuter(ready, found.Labels) |> ignore
                new LabelledEmbeddings(ready, found.Labels)
        |]

    /// Evaluates splits of data sets by their names; null: each against itself. `look` is shown every split that was
    /// embedded, with a column of labels for each of the levels that it is given.
    /// ArgumentException for mistakes in what is given; InvalidOperationException where networks cannot embed the data.
    let test
        (options: TestOptions)
        (datasets: IReadOnlyDictionary<string, Dataset>)
        (epoch: int)
        (trunk: torch.nn.Module)
        (embedder: torch.nn.Module | null)
        (splitsToEval: IReadOnlyList<SplitToEval> | null)
        (look: Action<string, LabelledEmbeddings[], int[]> | null)
        : TestResults =
        let names = datasets.Keys |> Seq.toArray
        let splits = SplitToEval.choose names splitsToEval

        if options.Space = EmbeddingSpace.TwoStream then
            for split in splits do
                if split.References.Count <> 1 || not split.IncludesQuery then
                    invalidArg
                        "splitsToEval"
                        $"Of two streams, the first of \"{split.Query}\" is compared with its own second: leave other references out."

        use _ = torch.NewDisposeScope()
        use _ = torch.no_grad ()
        let model = model options trunk embedder

        // Once for each split that is looked at, in a scope that outlives each comparison.
        let known =
            splits
            |> Seq.collect (fun split -> Seq.append [ split.Query ] split.References)
            |> Seq.distinct
            |> Seq.map (fun name -> KeyValuePair(name, embed options model datasets[name]))
            |> Dictionary

        let warnings = ResizeArray<string>()
        let results = Dictionary<string, SplitResults>()
        let mutable levelNames = ""

        for split in splits do
            use _ = torch.NewDisposeScope()
            let streams = known[split.Query]

            let levels =
                LabelLevels.evaluated options.Space options.Embedding.Reading.Level (streams.Head.Labels.size 1)

            levelNames <- String.Join("_", levels.Levels |> Array.map (fun struct (level, _) -> level))

            let values =
                evaluate options levels (compare options (fun name -> known[name]) split) warnings

            addLosses options levels streams values
            results[split.Query] <- SplitResults(epoch, values)

        match look with
        | null -> ()
        | look ->
            for entry in known do
                use _ = torch.NewDisposeScope()

                let levels =
                    LabelLevels.evaluated options.Space options.Embedding.Reading.Level (entry.Value.Head.Labels.size 1)

                let columns =
                    torch.tensor (levels.Levels |> Array.map (fun struct (_, column) -> column))

                let prepared =
                    prepare options (join entry.Value).Embeddings (entry.Value |> List.map _.Embeddings)

                look.Invoke(
                    entry.Key,
                    [|
                        for found, ready in List.zip entry.Value prepared do
                            new LabelledEmbeddings(
                                ready,
                                found.Labels.index_select (1L, columns.``to`` found.Labels.device)
                            )
                    |],
                    levels.Levels |> Array.map (fun struct (level, _) -> level)
                )

        TestResults(results, splits, levelNames, warnings |> Seq.distinct |> Seq.toArray)
