using MetricLearning.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// What can be embedded; all of it converts by itself: a tensor with one row per sample, tensors of one sample each, or a
/// data set, the labels of which are not looked at.
/// </summary>
public sealed class Inputs
{
    internal Dataset Value { get; }

    private Inputs(Dataset value) => Value = value;

    /// <summary>A tensor with one row per sample.</summary>
    /// <exception cref="ArgumentException">It has no dimensions.</exception>
    public static implicit operator Inputs(Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return new(DatasetModule.unlabelled(rows));
    }

    /// <summary>Tensors of the same shape, one for each sample.</summary>
    public static implicit operator Inputs(Tensor[] samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return new(DatasetModule.ofSamples(samples));
    }

    /// <inheritdoc cref="op_Implicit(Tensor[])"/>
    public static implicit operator Inputs(List<Tensor> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return new(DatasetModule.ofSamples(samples));
    }

    /// <summary>A data set as trainers take it.</summary>
    public static implicit operator Inputs(TrainingData dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return new(dataset.Value);
    }

    /// <summary>A TorchSharp data set of dictionaries.</summary>
    public static implicit operator Inputs(utils.data.Dataset dataset) => TrainingData.FromDataset(dataset);

    /// <summary>A TorchSharp data set of lists, such as <c>TensorDataset</c>.</summary>
    public static implicit operator Inputs(utils.data.IterableDataset dataset) => TrainingData.FromDataset(dataset);
}
