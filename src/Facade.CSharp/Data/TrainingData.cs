using System.Runtime.CompilerServices;
using MetricLearning.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// What a trainer trains on: tensors, a TorchSharp data set, or samples of your own. Tensors and samples stay yours and
/// must outlive the training.
/// </summary>
public sealed class TrainingData
{
    internal Dataset Value { get; }

    private TrainingData(Dataset value) => Value = value;

    /// <summary>A tensor with one row per sample, and a label per sample (N) or a row of levels per sample (N × levels).</summary>
    [OverloadResolutionPriority(-1)] // TorchSharp converts arrays to tensors by itself.
    public static TrainingData FromTensors(Tensor data, Tensor labels) => Of([data], labels);

    /// <summary>A tensor with one row per sample, and a label per sample.</summary>
    public static TrainingData FromTensors(Tensor data, IReadOnlyList<long> labels) => Of([data], labels);

    /// <inheritdoc cref="FromTensors(Tensor, IReadOnlyList{long})"/>
    public static TrainingData FromTensors(Tensor data, IReadOnlyList<int> labels) => Of([data], labels);

    /// <inheritdoc cref="FromTensors(Tensor, IReadOnlyList{long})"/>
    public static TrainingData FromTensors(Tensor data, IReadOnlyList<string> labels) => Of([data], labels);

    /// <summary>
    /// A tensor with one row per sample, and labels in another form: a two-dimensional array, or a list of tuples or
    /// arrays, for several levels; a list of enums.
    /// </summary>
    [OverloadResolutionPriority(-2)]
    public static TrainingData FromTensors(Tensor data, object labels) => Of([data], labels);

    /// <summary>
    /// Several inputs, each with one row per sample, for a trunk that takes as many tensors; labels in any of the
    /// other forms.
    /// </summary>
    public static TrainingData FromTensors(IReadOnlyList<Tensor> data, object labels) => Of(data, labels);

    /// <summary>
    /// A TorchSharp data set. Without a collate function and a getter, an item is a list or tuple of data and label, or a
    /// dictionary with the keys <c>data</c> and <c>label</c> (or <c>labels</c>). Loader workers read several items at the
    /// same time. Tensors made while reading are disposed once the batch is made.
    /// </summary>
    public static TrainingData FromDataset<T>(torch.utils.data.Dataset<T> dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return new(DatasetModule.ofTorch(dataset));
    }

    /// <summary>
    /// A list of samples: tuples of data and label, or what a collate function and a getter make data and labels of.
    /// Data may be tensors, numbers or arrays of numbers. Loader workers read several samples at the same time.
    /// </summary>
    public static TrainingData FromSamples<T>(IReadOnlyList<T> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return new(DatasetModule.ofSamples(samples));
    }

    /// <summary>
    /// Samples made from their index (0 to <paramref name="count"/> − 1) and a seed. Augmentation that draws from the seed,
    /// as in <c>seed.Random()</c>, repeats and resumes with the run.
    /// </summary>
    public static TrainingData FromSamples<T>(long count, Func<long, Seed, T> sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        return new(DatasetModule.ofDelegate(count, sample));
    }

    /// <summary>A TorchSharp data set of dictionaries.</summary>
    public static implicit operator TrainingData(torch.utils.data.Dataset dataset) => FromDataset(dataset);

    /// <summary>A TorchSharp data set of lists, such as <c>TensorDataset</c>.</summary>
    public static implicit operator TrainingData(torch.utils.data.IterableDataset dataset) => FromDataset(dataset);

    /// <summary>The data set as the core has it.</summary>
    public static implicit operator Dataset(TrainingData dataset) => dataset?.Value!;

    /// <summary>The samples as inputs of an inference model.</summary>
    public static implicit operator Inputs(TrainingData dataset) => dataset?.Value!;

    private static TrainingData Of(IReadOnlyList<Tensor> data, object labels)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(labels);

        foreach (var input in data)
        {
            ArgumentNullException.ThrowIfNull(input, nameof(data));
        }

        return new(DatasetModule.ofInputs(data, labels));
    }
}
