using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Exact nearest neighbours by any distance, tile by tile; the largest values come first where large means similar.</summary>
/// <remarks>
/// Equally near references come in the order of their rows. Embeddings of 16 bits are compared in 32, and NaN is farther than
/// anything. Where the distance is Euclidean, a cosine or a dot product, tiles are matrix products.
/// </remarks>
/// <param name="distance">What embeddings are compared with.</param>
/// <param name="batchSize">At most so many queries are compared at once; null: as many as fit. It never changes a
/// result.</param>
/// <param name="maxBytes">About how much memory a search may take, besides its inputs and its result.</param>
public sealed class CustomKNN(Distance distance, int? batchSize = null, long maxBytes = CustomKNN.DefaultMaxBytes)
    : KnnFunc
{
    /// <summary>256 MiB.</summary>
    public const long DefaultMaxBytes = 268435456;

    private readonly ExactKnn search = new(
        distance ?? throw new ArgumentNullException(nameof(distance)),
        maxBytes,
        batchSize
    );

    /// <summary>What embeddings are compared with.</summary>
    public Distance Distance => search.Distance;

    /// <inheritdoc/>
    public override Neighbours Search(Tensor query, long k, Tensor reference, bool refIncludesQuery) =>
        search.Search(query, k, reference, refIncludesQuery);

    /// <inheritdoc/>
    public override void SearchInBlocks(
        Tensor query,
        long k,
        Tensor reference,
        bool refIncludesQuery,
        Action<long, Neighbours> act
    ) => search.SearchInBlocks(query, k, reference, refIncludesQuery, act);
}
