using System.Runtime.CompilerServices;
using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// The same random triplets in every pass, in a new order each time: anchor, positive, negative, anchor, positive,
/// negative, …
/// </summary>
/// <remarks>Use a batch size that is a multiple of 3, and <see cref="EmbeddingsAlreadyPackagedAsTriplets"/>.</remarks>
public sealed class FixedSetOfTriplets : Sampler
{
    private readonly FixedTriplets order;

    /// <summary>Over integer labels, one per sample.</summary>
    /// <param name="labels">The label of each sample of the data set; at least two are different.</param>
    /// <param name="numTriplets">How many triplets, from 1.</param>
    public FixedSetOfTriplets(IReadOnlyList<long> labels, int numTriplets) =>
        order = new FixedTriplets(labels, numTriplets);

    /// <inheritdoc cref="FixedSetOfTriplets(IReadOnlyList{long}, int)"/>
    public FixedSetOfTriplets(IReadOnlyList<int> labels, int numTriplets)
        : this(LabelMap.Classes(labels), numTriplets) { }

    /// <summary>Over string labels, one per sample.</summary>
    /// <inheritdoc cref="FixedSetOfTriplets(IReadOnlyList{long}, int)"/>
    public FixedSetOfTriplets(IReadOnlyList<string> labels, int numTriplets)
        : this(LabelMap.Classes(labels), numTriplets) { }

    /// <summary>Over a vector of integer labels, one per sample.</summary>
    /// <inheritdoc cref="FixedSetOfTriplets(IReadOnlyList{long}, int)"/>
    [OverloadResolutionPriority(-1)] // TorchSharp converts arrays to tensors by itself.
    public FixedSetOfTriplets(Tensor labels, int numTriplets)
        : this(LabelMap.Classes(labels), numTriplets) { }

    /// <inheritdoc/>
    public override long? Length => order.Length;

    /// <inheritdoc/>
    public override IEnumerable<long> Pass(Seed seed, long pass) => order.Pass(seed, pass);
}
