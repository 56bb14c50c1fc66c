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
        Level: HierarchyLevel
        NormalizeEmbeddings: bool
        UseTrunkOutput: bool
        Precision: Precision
        Pca: Nullable<int>
        Accuracy: AccuracyOptions
        Losses: KeyValuePair<string, Loss>[]
    }

module internal TestSettings =

    /// The settings of a tester. ArgumentException for labels of the data set that cannot be read, or a precision that cannot be.
    let create (space: EmbeddingSpace) (calculator: AccuracyCalculator) (options: TestOptions) : TestSettings =
        ArgumentNullException.ThrowIfNull(options.LabelHierarchyLevel, nameof options.LabelHierarchyLevel)
        Autocast.require (nameof options.Precision) options.Precision
        let level = options.LabelHierarchyLevel.Level

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
