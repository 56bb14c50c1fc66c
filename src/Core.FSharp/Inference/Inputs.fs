namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// Samples to embed. Tensors and data sets convert implicitly; labels, if there are any, are ignored.
[<Sealed; AllowNullLiteral(false)>]
type Inputs private (dataset: TrainingData) =

    static let ofSamples (samples: IReadOnlyList<torch.Tensor>) : Inputs =
        ArgumentNullException.ThrowIfNull(samples, nameof samples)
        Inputs(TrainingData.FromSamples samples)

    static let ofTorch (dataset: torch.utils.data.Dataset<'T>) : Inputs =
        ArgumentNullException.ThrowIfNull(dataset, nameof dataset)
        Inputs(TrainingData.FromDataset dataset)

    /// The samples as a data set.
    member internal _.Dataset: TrainingData = dataset

    /// <summary>A tensor with one row per sample.</summary>
    /// <exception cref="System.ArgumentException">It has no dimensions.</exception>
    static member op_Implicit(rows: torch.Tensor) : Inputs =
        ArgumentNullException.ThrowIfNull(rows, nameof rows)
        Inputs(TrainingData.Unlabelled rows)

    /// Tensors of equal shape, one for each sample.
    static member op_Implicit(samples: torch.Tensor[]) : Inputs = ofSamples samples

    /// Tensors of equal shape, one for each sample.
    static member op_Implicit(samples: List<torch.Tensor>) : Inputs = ofSamples samples

    /// A data set that a trainer could train on.
    static member op_Implicit(dataset: TrainingData) : Inputs =
        ArgumentNullException.ThrowIfNull(dataset, nameof dataset)
        Inputs dataset

    /// A TorchSharp data set of dictionaries.
    static member op_Implicit(dataset: torch.utils.data.Dataset) : Inputs = ofTorch dataset

    /// A TorchSharp data set of lists, such as <c>TensorDataset</c>.
    static member op_Implicit(dataset: torch.utils.data.IterableDataset) : Inputs = ofTorch dataset
