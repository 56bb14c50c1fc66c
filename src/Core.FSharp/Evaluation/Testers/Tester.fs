namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp

/// <summary>
/// Embeds data sets and calculates accuracies. Networks and losses are in evaluation mode meanwhile; their modes, weights and buffers, and
/// all random streams, stay as they were, so testing never changes training.
/// </summary>
[<Sealed>]
type Tester
    /// <summary>A tester of an embedding space.</summary>
    /// <param name="space">The samples that are compared with each other.</param>
    /// <param name="options">The options; null for the documented defaults.</param>
    /// <exception cref="System.ArgumentException">Options that do not fit each other.</exception>
    (space: EmbeddingSpace, [<Optional; DefaultParameterValue(null: TestOptions | null)>] options: TestOptions | null) =

    let options = options |> Option.ofObj |> Option.defaultWith TestOptions

    let calculator =
        options.AccuracyCalculator
        |> Option.ofObj
        |> Option.defaultWith AccuracyCalculator

    let settings = TestSettings.create space calculator options
    let visualizer, visualizerHook = options.Visualizer, options.VisualizerHook
    let levelNames = string options.LabelHierarchyLevel

    let isLevelUnchosen =
        obj.ReferenceEquals(options.LabelHierarchyLevel, AnyLevel.Unchosen)

    let mutable results: IReadOnlyDictionary<string, SplitResults> = Dictionary()
    let mutable evaluated: SplitToEval[] = [||]
    let mutable warnings: string[] = [||]
    let mutable levels = levelNames

    let describe (baseName: string) (levels: string) : string =
        RecordNames.describe settings baseName levels

    let show (split: string) (epoch: int) (levels: LabelLevels) (streams: LabelledEmbeddings list) : unit =
        match visualizerHook with
        | null -> ()
        | hook ->
            use _ = torch.NewDisposeScope()

            let prepared =
                SplitScores.prepare settings (SplitScores.join streams).Embeddings (streams |> List.map _.Embeddings)

            let all = torch.cat(List.toArray prepared, 0L).cpu()
            let joined = SplitScores.join streams
            let labels = joined.Labels.cpu ()

            let reduced =
                match visualizer with
                | null -> all.alias ()
                | visualizer -> visualizer.Invoke all

            for struct (level, column) in levels.Levels do
                use ofLevel = (LabelLevels.labelsAt levels column labels).clone()

                hook.Invoke(
                    Visualization(
                        reduced,
                        ofLevel,
                        joined.NamesOf column,
                        split,
                        describe "embeddings" (string level),
                        epoch
                    )
                )

    let checkStreams (splits: SplitToEval[]) : unit =
        if space = EmbeddingSpace.TwoStream then
            for split in splits do
                if split.References.Count <> 1 || not split.IncludesQuery then
                    invalidArg
                        "splitsToEval"
                        $"Of two streams, the first of \"{split.Query}\" is compared with its own second: leave other references out."

    /// Calculates the accuracies.
    member _.AccuracyCalculator: AccuracyCalculator = calculator

    /// The names of the losses that it reports beside accuracies.
    member _.LossNames: IReadOnlyList<string> =
        [| for entry in settings.Losses -> entry.Key |]

    /// The results of the last test by split: `<metric>_level<level>`, with several levels also `AVERAGE_<metric>`, and losses by their
    /// names. Empty before the first test.
    member _.AllAccuracies: IReadOnlyDictionary<string, SplitResults> = results

    /// The references of each split in the last test; the split itself first, if it is one of them.
    member _.ReferenceSplitNames: IReadOnlyDictionary<string, IReadOnlyList<string>> =
        Dictionary(evaluated |> Seq.map (fun split -> KeyValuePair(split.Query, split.References)))

    /// Doubts about the results of the last test.
    member _.Warnings: IReadOnlyList<string> = warnings

    /// <summary>Evaluates splits of data sets.</summary>
    /// <param name="datasetDict">The data sets by the names of splits.</param>
    /// <param name="epoch">The epoch of the results.</param>
    /// <param name="trunkModel">The network that sees the data.</param>
    /// <param name="embedderModel">The network on top of it; null for none.</param>
    /// <param name="splitsToEval">Each split to evaluate, once, with its references; null for every split in itself.</param>
    /// <param name="collateFn">Makes a batch of a list of samples; null for the default collation.</param>
    /// <returns><c>AllAccuracies</c>.</returns>
    /// <exception cref="System.ArgumentException">A split that does not exist, or twice; labels that do not fit.</exception>
    /// <exception cref="System.InvalidOperationException">The networks cannot embed the data.</exception>
    member _.Test
        (
            datasetDict: IReadOnlyDictionary<string, TrainingData>,
            epoch: int,
            trunkModel: torch.nn.Module,
            [<Optional; DefaultParameterValue(null: torch.nn.Module | null)>] embedderModel: torch.nn.Module | null,
            [<Optional; DefaultParameterValue(null: IReadOnlyList<SplitToEval> | null)>] splitsToEval:
                IReadOnlyList<SplitToEval> | null,
            [<Optional; DefaultParameterValue(null: Func<IReadOnlyList<obj>, obj> | null)>] collateFn:
                Func<IReadOnlyList<obj>, obj> | null
        ) : IReadOnlyDictionary<string, SplitResults> =
        ArgumentNullException.ThrowIfNull(datasetDict, nameof datasetDict)
        ArgumentNullException.ThrowIfNull(trunkModel, nameof trunkModel)
        let settings = TestSettings.withCollateFn collateFn settings
        let splits = SplitToEval.choose (Seq.toArray datasetDict.Keys) splitsToEval
        checkStreams splits

        settings.Embedding.Processes.Meeting.Together(fun () ->
            use _ = torch.NewDisposeScope()
            use _ = torch.no_grad ()
            let model = SplitScores.model settings trunkModel embedderModel

            // Each split is embedded once, in a scope that outlives the comparisons.
            let known =
                splits
                |> Seq.collect (fun split -> Seq.append [ split.Query ] split.References)
                |> Seq.distinct
                |> Seq.map (fun name -> KeyValuePair(name, SplitScores.embed settings model datasetDict[name]))
                |> Dictionary

            let levelsOf (name: string) =
                LabelLevels.evaluated space settings.Level (known[name].Head.Labels.size 1)

            let doubts = ResizeArray<string>()

            if isLevelUnchosen && not settings.Level.Together && settings.Level.Camera.IsNone then
                doubts.AddRange(known.Keys |> Seq.collect (fun name -> OneHot.doubts datasetDict[name]))

            let found = Dictionary<string, SplitResults>()

            for split in splits do
                use _ = torch.NewDisposeScope()

                let values =
                    SplitScores.ofSplit settings (fun name -> known[name]) (levelsOf split.Query) split doubts

                found[split.Query] <- SplitResults(epoch, values)

            for entry in known do
                show entry.Key epoch (levelsOf entry.Key) entry.Value

            results <- found
            evaluated <- splits
            warnings <- doubts |> Seq.distinct |> Seq.toArray

            if splits.Length > 0 then
                levels <-
                    String.Join(
                        "_",
                        (levelsOf (Array.last splits).Query).Levels
                        |> Array.map (fun struct (level, _) -> level)
                    )

            results)

    /// <summary>The embeddings (N × D) of a data set and their labels (N × levels), as a test sees them; of two streams, the first. You own
    /// them.</summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="trunkModel">The network that sees the data.</param>
    /// <param name="embedderModel">The network on top of it; null for none.</param>
    /// <param name="collateFn">Makes a batch of a list of samples; null for the default collation.</param>
    member _.GetAllEmbeddings
        (
            dataset: TrainingData,
            trunkModel: torch.nn.Module,
            [<Optional; DefaultParameterValue(null: torch.nn.Module | null)>] embedderModel: torch.nn.Module | null,
            [<Optional; DefaultParameterValue(null: Func<IReadOnlyList<obj>, obj> | null)>] collateFn:
                Func<IReadOnlyList<obj>, obj> | null
        ) : LabelledEmbeddings =
        ArgumentNullException.ThrowIfNull(dataset, nameof dataset)
        ArgumentNullException.ThrowIfNull(trunkModel, nameof trunkModel)
        use scope = torch.NewDisposeScope()
        use _ = torch.no_grad ()
        let settings = TestSettings.withCollateFn collateFn settings

        let streams =
            SplitScores.embed settings (SplitScores.model settings trunkModel embedderModel) dataset

        let first = streams.Head

        let prepared =
            SplitScores.prepare settings (SplitScores.join streams).Embeddings [ first.Embeddings ]
            |> List.exactlyOne

        scope.MoveToOuter(prepared, first.Labels) |> ignore
        new LabelledEmbeddings(prepared, first.Labels, first.LabelNames)

    /// <summary>The tester's part of the names of records, such as
    /// <c>accuracies_normalized_GlobalEmbeddingSpaceTester_level_0</c>.</summary>
    /// <param name="baseName">The beginning.</param>
    member _.Description([<Optional; DefaultParameterValue("accuracies")>] baseName: string) : string =
        describe baseName levels

    /// <summary>The group that the results of a split are recorded in: <c>…_VAL_vs_self</c>.</summary>
    /// <param name="splitName">The split.</param>
    /// <param name="prefix">The beginning; null for none.</param>
    /// <param name="references">The references; null for those of the last test, or the split itself.</param>
    member this.RecordGroupName
        (
            splitName: string,
            [<Optional; DefaultParameterValue(null: string | null)>] prefix: string | null,
            [<Optional; DefaultParameterValue(null: IReadOnlyList<string> | null)>] references:
                IReadOnlyList<string> | null
        ) : string =
        ArgumentException.ThrowIfNullOrEmpty(splitName, nameof splitName)

        let known =
            evaluated
            |> Array.tryFind (fun split -> split.Query = splitName)
            |> Option.map _.References

        let references =
            references
            |> Option.ofObj
            |> Option.orElse known
            |> Option.defaultValue [| splitName |]

        RecordNames.group prefix (this.Description()) (SplitToEval(splitName, references))
