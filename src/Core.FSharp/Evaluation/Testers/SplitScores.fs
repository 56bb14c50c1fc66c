namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// Embeddings of splits, and their scores.
module internal SplitScores =

    let private normalizer = LpDistance()

    /// The networks as one function.
    let model (settings: TestSettings) (trunk: torch.nn.Module) (embedder: torch.nn.Module | null) : EmbeddingModel =
        EmbeddingModel(trunk, (if settings.UseTrunkOutput then null else embedder), settings.Precision)

    /// The embeddings of a data set, those of two streams one after the other.
    let embed (settings: TestSettings) (model: EmbeddingModel) (dataset: TrainingData) : LabelledEmbeddings list =
        match settings.Space with
        | EmbeddingSpace.TwoStream ->
            DatasetEmbeddings.computeStreams 2 model settings.Embedding dataset
            |> List.ofArray
        | _ -> [ DatasetEmbeddings.compute model settings.Embedding dataset ]

    /// Principal components of the references, then lengths of 1.
    let prepare (settings: TestSettings) (references: torch.Tensor) (embeddings: torch.Tensor list) =
        let projected =
            if settings.Pca.HasValue then
                let pca = Pca.Fit(references, settings.Pca.Value)
                List.map pca.Project embeddings
            else
                embeddings

        if settings.NormalizeEmbeddings then
            List.map normalizer.Normalize projected
        else
            projected

    // All numbers are of one table, which grows as data sets are read.
    let private namesOf (several: LabelledEmbeddings list) : IReadOnlyList<IReadOnlyList<string>> =
        [|
            for column in 0L .. several.Head.Labels.size 1 - 1L ->
                several |> List.map _.NamesOf(column) |> List.maxBy _.Count
        |]

    /// Embeddings of several data sets, one after the other.
    let join (several: LabelledEmbeddings list) : LabelledEmbeddings =
        match several with
        | [ one ] -> one
        | several ->
            new LabelledEmbeddings(
                torch.cat (several |> Seq.map _.Embeddings |> Seq.toArray, 0L),
                torch.cat (several |> Seq.map _.Labels |> Seq.toArray, 0L),
                namesOf several
            )

    // A string is no integer, even if the number that stands for it is the same.
    let private checkLabels (split: SplitToEval) (several: LabelledEmbeddings list) : unit =
        let columns = several.Head.Labels.size 1

        for other in several.Tail do
            if other.Labels.size 1 <> columns then
                invalidArg
                    "datasetDict"
                    $"Samples of \"{split.Query}\" have {columns} level(s) of labels, but those of a reference have {other.Labels.size 1}: give all the same levels."

            for column in 0L .. columns - 1L do
                if (other.NamesOf column).Count = 0 <> ((several.Head.NamesOf column).Count = 0) then
                    invalidArg
                        "datasetDict"
                        $"Some labels of \"{split.Query}\" and of its references are strings and others integers, which are never the same class: give all of one kind."

    let private compare
        (settings: TestSettings)
        (find: string -> LabelledEmbeddings list)
        (split: SplitToEval)
        : Compared =
        checkLabels split (find split.Query @ (split.References |> Seq.collect find |> Seq.toList))

        let query, references, includesQuery =
            match settings.Space, find split.Query with
            | EmbeddingSpace.TwoStream, [ anchors; others ] -> anchors, others, false
            | _, found -> found.Head, split.References |> Seq.collect find |> Seq.toList |> join, split.IncludesQuery

        let isSame = Object.ReferenceEquals(query, references)
        let names = namesOf [ query; references ]

        match
            prepare
                settings
                references.Embeddings
                [
                    references.Embeddings
                    if not isSame then
                        query.Embeddings
                ]
        with
        | [ others; own ] ->
            {
                Query = new LabelledEmbeddings(own, query.Labels, names)
                Reference = new LabelledEmbeddings(others, references.Labels, names)
                RefIncludesQuery = includesQuery
            }
        | prepared ->
            let itself = new LabelledEmbeddings(prepared.Head, references.Labels, names)

            {
                Query = itself
                Reference = itself
                RefIncludesQuery = includesQuery
            }

    let private evaluate
        (settings: TestSettings)
        (levels: LabelLevels)
        (compared: Compared)
        (warnings: ResizeArray<string>)
        : Dictionary<string, Accuracy> =
        let values = Dictionary<string, Accuracy>()

        let byLevel =
            [
                for struct (level, _) in levels.Levels do
                    let found =
                        LevelScores.ofLevel settings.Space settings.Accuracy levels level compared

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

    // What a loss has learned of class 2 is said of the string that was number 2 in training.
    let private checkClasses settings (split: LabelledEmbeddings) (column: int64) (loss: KeyValuePair<string, Loss>) =
        let remembersLabels =
            loss.Value.parameters () |> Seq.isEmpty |> not
            || loss.Value.buffers () |> Seq.exists (fun buffer -> buffer.dtype = torch.int64)

        if
            remembersLabels
            && (split.NamesOf column).Count > 0
            && settings.Embedding.Reading.Labels.IsIdentity
        then
            invalidArg
                "LossFuncs"
                $"\"{loss.Key}\" has learned its classes by number, and which string had which number in training is not known: give DatasetLabels, the labels of the data that it was trained on."

    let private addLosses
        (settings: TestSettings)
        (levels: LabelLevels)
        (embeddings: LabelledEmbeddings list)
        (values: Dictionary<string, Accuracy>)
        =
        let struct (_, column) = levels.Levels[0]
        let split = join embeddings
        let first = split.Labels.select (1L, column)
        let all = LabelLevels.labelsAt levels column split.Labels

        for entry in settings.Losses do
            checkClasses settings split column entry
            let labels = if entry.Value.LabelComparison.ReadsRows then all else first

            values[entry.Key] <-
                Accuracy(ValidationLoss.mean settings.Embedding.BatchSize entry.Value split.Embeddings labels)

    /// The results of a split by name, from the embeddings of every split.
    let ofSplit
        (settings: TestSettings)
        (find: string -> LabelledEmbeddings list)
        (levels: LabelLevels)
        (split: SplitToEval)
        (warnings: ResizeArray<string>)
        : IReadOnlyDictionary<string, Accuracy> =
        let values = evaluate settings levels (compare settings find split) warnings
        addLosses settings levels (find split.Query) values
        values
