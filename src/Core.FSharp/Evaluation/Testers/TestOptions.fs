namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// The options of a tester: the documented arguments of BaseTester with their defaults, and loss functions. A tester only reads them.
[<AllowNullLiteral(false)>]
type TestOptions() =

    /// Scales embeddings to length 1, after principal components. True by default.
    member val NormalizeEmbeddings: bool = true with get, set

    /// Evaluates the trunk's output, without the embedder.
    member val UseTrunkOutput: bool = false with get, set

    /// The number of samples that are embedded at once; 32 by default.
    member val BatchSize: int = 32 with get, set

    /// Threads that prepare batches ahead; 0 for the caller's. 2 by default.
    member val DataloaderNumWorkers: int = 2 with get, set

    /// The number of principal components (of the references' embeddings) to evaluate; null for the embeddings themselves.
    member val Pca: Nullable<int> = Nullable() with get, set

    /// The processes that evaluate together, from `Processes.Join`: each embeds some of the batches and searches the neighbours of some
    /// of the queries, and all get the results. All must call the tester. Null, the default, is this process by itself.
    member val Processes: Processes | null = null with get, set

    /// The device of batches; null for the trunk's.
    member val DataDevice: torch.Device | null = null with get, set

    /// Converts floating-point data; null keeps its type.
    member val Dtype: Nullable<torch.ScalarType> = Nullable() with get, set

    /// The numbers that networks compute with, on the CPU and on CUDA; embeddings are float32. `Float32`, the default, is the types of the
    /// networks' own weights.
    member val Precision: Precision = Precision.Float32 with get, set

    /// Splits a batch into data and labels; null where samples are (data, label).
    member val DataAndLabelGetter: Func<obj, struct (obj * obj)> | null = null with get, set

    /// The levels of labels to evaluate, from 0: one, several, or `"all"`. 0 by default. A calculator whose labelComparison reads rows reads
    /// those that are chosen together, by default all, and its results are of level 0.
    member val LabelHierarchyLevel: AnyLevel = AnyLevel.Unchosen with get, set

    /// The level of labels that numbers the cameras, or sequences, of samples: references of a query's class and camera are left out of
    /// its ranking, as in re-identification. It is not evaluated. Null, the default, leaves none out.
    member val CameraLevel: Nullable<int> = Nullable() with get, set

    /// The labels of the whole data set, one or several for each sample, as integers or strings. Needed with `SetMinLabelToZero`, and for
    /// losses that have learned classes which are strings.
    member val DatasetLabels: obj | null = null with get, set

    /// Replaces labels by their rank among the distinct labels of the data set.
    member val SetMinLabelToZero: bool = false with get, set

    /// Calculates accuracies; null for the documented metrics.
    member val AccuracyCalculator: AccuracyCalculator | null = null with get, set

    /// Reduces the embeddings of a split (N × D), on the CPU, for the visualizer hook, for example to (N × 2).
    member val Visualizer: Func<torch.Tensor, torch.Tensor> | null = null with get, set

    /// Called for every embedded split and every level of labels.
    member val VisualizerHook: Action<Visualization> | null = null with get, set

    /// Losses whose mean over each split is reported under their names: in evaluation mode, in batches of `BatchSize` in a fixed order, on
    /// the networks' output and the first of the levels of labels. They do not change.
    member val LossFuncs: IReadOnlyDictionary<string, Loss> | null = null with get, set
