namespace MetricLearning

open System
open System.Collections.Generic
open System.Threading
open MetricLearning.Core

/// A tester's options as the parts of a test take them.
[<ReferenceEquality>]
type internal TestSettings =
    {
        Space: EmbeddingSpace
        /// Embeddings as the networks make them, with all labels that are needed.
        Embedding: EmbeddingOptions
        /// The levels of labels to evaluate.
        Level: LevelChoice
        NormalizeEmbeddings: bool
        UseTrunkOutput: bool
        Precision: Precision
        Pca: Nullable<int>
        Accuracy: AccuracyOptions
        Losses: KeyValuePair<string, Loss>[]
    }

module internal TestSettings =

    // A comparison of rows reads all columns, unless some are chosen.
    let private levelChoice
        (space: EmbeddingSpace)
        (calculator: AccuracyCalculator)
        (options: TestOptions)
        : LevelChoice =
        let comparison = calculator.Options.LabelComparison
        let isUnchosen = obj.ReferenceEquals(options.LabelHierarchyLevel, AnyLevel.Unchosen)

        if comparison.ReadsRows && space = EmbeddingSpace.WithSameParentLabel then
            invalidArg
                (nameof options.AccuracyCalculator)
                $"LabelComparison.{comparison.Name} reads rows of labels, which have no parents: use a GlobalEmbeddingSpaceTester."

        if comparison.ReadsClasses && options.SetMinLabelToZero then
            invalidArg
                (nameof options.SetMinLabelToZero)
                $"SetMinLabelToZero numbers the labels of each column anew, but LabelComparison.{comparison.Name} reads them as 0 and 1: leave SetMinLabelToZero out."

        if options.CameraLevel.HasValue then
            Ranges.atLeast 0L (nameof options.CameraLevel) (int64 options.CameraLevel.Value)

        {
            Level =
                if comparison.ReadsRows && isUnchosen then
                    HierarchyLevel.All
                else
                    options.LabelHierarchyLevel.Level
            Together = comparison.ReadsRows
            Camera =
                if options.CameraLevel.HasValue then
                    ValueSome options.CameraLevel.Value
                else
                    ValueNone
        }

    // Losses are given the labels that accuracies are of.
    let private checkLosses (calculator: AccuracyCalculator) (losses: KeyValuePair<string, Loss> seq) : unit =
        let comparison = calculator.Options.LabelComparison

        for entry in losses do
            if
                entry.Value.TakesLabels
                && entry.Value.LabelComparison.ReadsRows
                && not comparison.ReadsRows
            then
                invalidArg
                    "LossFuncs"
                    $"\"{entry.Key}\" reads rows of labels (LabelComparison.{entry.Value.LabelComparison.Name}), but the AccuracyCalculator one label a sample: give the AccuracyCalculator a labelComparison as well."

    /// The settings of a tester. ArgumentException for labels of the data set that cannot be read, or a precision that cannot be.
    let create (space: EmbeddingSpace) (calculator: AccuracyCalculator) (options: TestOptions) : TestSettings =
        ArgumentNullException.ThrowIfNull(options.LabelHierarchyLevel, nameof options.LabelHierarchyLevel)
        Autocast.require (nameof options.Precision) options.Precision
        let level = levelChoice space calculator options

        let processes =
            options.Processes |> Option.ofObj |> Option.defaultValue Processes.Alone

        {
            Space = space
            Embedding =
                {
                    BatchSize = options.BatchSize
                    Workers = options.DataloaderNumWorkers
                    Device = options.DataDevice
                    Dtype = options.Dtype
                    NormalizeEmbeddings = false
                    Reading =
                        {
                            CollateFn = null
                            DataAndLabelGetter = options.DataAndLabelGetter
                            Labels = LabelMap.Create(options.SetMinLabelToZero, options.DatasetLabels)
                            Level = LabelLevels.toRead space level
                        }
                    Names = LabelNames()
                    Seed = Seed.ofInt64 0L
                    CancellationToken = CancellationToken.None
                    Processes = processes
                }
            Level = level
            NormalizeEmbeddings = options.NormalizeEmbeddings
            UseTrunkOutput = options.UseTrunkOutput
            Precision = options.Precision
            Pca = options.Pca
            Accuracy =
                { calculator.Options with
                    Processes = processes
                }
            Losses =
                match options.LossFuncs with
                | null -> [||]
                | losses ->
                    Arguments.noneNull (nameof options.LossFuncs) losses.Values |> ignore
                    checkLosses calculator losses
                    Array.ofSeq losses
        }

    /// The same settings with another collate function.
    let withCollateFn (collateFn: Func<IReadOnlyList<obj>, obj> | null) (settings: TestSettings) : TestSettings =
        { settings with
            Embedding =
                { settings.Embedding with
                    Reading =
                        { settings.Embedding.Reading with
                            CollateFn = collateFn
                        }
                }
        }
