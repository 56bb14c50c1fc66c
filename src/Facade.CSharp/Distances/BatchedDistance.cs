using MetricLearning.Core;
using MetricLearning.Core.Distances;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>A distance matrix block by block, for sets whose whole matrix would not fit into memory.</summary>
/// <param name="distance">What embeddings are compared with.</param>
/// <param name="iterFn">Gets each block's matrix, the number of its first row and that number plus batchSize, which for
/// the last block may be beyond the end. The matrix is disposed when it returns: clone what you keep.</param>
/// <param name="batchSize">How many rows a block has.</param>
public sealed class BatchedDistance(Distance distance, Action<Tensor, long, long> iterFn, int batchSize = 32)
{
    /// <summary>What embeddings are compared with.</summary>
    public Distance Distance { get; } = distance;

    /// <summary>Every row of <paramref name="query"/> (Nq × D) with every row of <paramref name="reference"/> (Nr × D),
    /// in blocks.</summary>
    /// <param name="query">(Nq × D).</param>
    /// <param name="reference">(Nr × D); null: the query itself.</param>
    public void Matrix(Tensor query, Tensor? reference = null) =>
        Batched.iterate(Distance, batchSize, iterFn, query, reference);
}
