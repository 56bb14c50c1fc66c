using System.Runtime.CompilerServices;
using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// Batches in which every class has m samples: rounds of classes in random order, m random samples of each.
/// </summary>
/// <remarks>
/// A class with at least m samples gives m different ones, a smaller class m draws with replacement. Without a batch size
/// a round has all classes; with one, as many as fill it, chosen anew for each batch. Use the trainer&#39;s batch size here.
/// </remarks>
public sealed class MPerClassSampler : Sampler
{
    private readonly MPerClass order;

    /// <summary>Over integer labels, one per sample.</summary>
    /// <param name="labels">The label of each sample of the data set.</param>
    /// <param name="m">Samples of each class in a batch, from 1.</param>
    /// <param name="batchSize">A multiple of m, at most m times the number of classes; null takes all classes.</param>
    /// <param name="lengthBeforeNewIter">Samples of a pass; whole rounds of them are given, at least one.</param>
    /// <exception cref="ArgumentException">The arguments do not fit each other; all mistakes are named.</exception>
    public MPerClassSampler(
        IReadOnlyList<long> labels,
        int m,
        int? batchSize = null,
        long lengthBeforeNewIter = 100_000
    ) => order = new MPerClass(labels, m, batchSize, lengthBeforeNewIter);

    /// <inheritdoc cref="MPerClassSampler(IReadOnlyList{long}, int, int?, long)"/>
    public MPerClassSampler(IReadOnlyList<int> labels, int m, int? batchSize = null, long lengthBeforeNewIter = 100_000)
        : this(LabelMap.Classes(labels), m, batchSize, lengthBeforeNewIter) { }

    /// <summary>Over string labels, one per sample.</summary>
    /// <inheritdoc cref="MPerClassSampler(IReadOnlyList{long}, int, int?, long)"/>
    public MPerClassSampler(
        IReadOnlyList<string> labels,
        int m,
        int? batchSize = null,
        long lengthBeforeNewIter = 100_000
    )
        : this(LabelMap.Classes(labels), m, batchSize, lengthBeforeNewIter) { }

    /// <summary>Over a vector of integer labels, one per sample.</summary>
    /// <inheritdoc cref="MPerClassSampler(IReadOnlyList{long}, int, int?, long)"/>
    [OverloadResolutionPriority(-1)] // TorchSharp converts arrays to tensors by itself.
    public MPerClassSampler(Tensor labels, int m, int? batchSize = null, long lengthBeforeNewIter = 100_000)
        : this(LabelMap.Classes(labels), m, batchSize, lengthBeforeNewIter) { }

    /// <inheritdoc/>
    public override long? Length => order.Length;

    /// <inheritdoc/>
    public override long? PassLength => order.PassLength;

    /// <inheritdoc/>
    public override IEnumerable<long> Pass(Seed seed, long pass) => order.Pass(seed, pass);
}
