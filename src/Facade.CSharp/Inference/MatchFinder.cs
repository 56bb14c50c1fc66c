using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// Tells which embeddings match: those at a distance of a threshold at most; of a similarity, those at least as similar.
/// </summary>
/// <remarks>
/// Embeddings of 16 bits are compared in 32; what is at a distance of NaN does not match. Whether embeddings are scaled first is a
/// matter of the distance, for pairs as for matrices.
/// </remarks>
public sealed class MatchFinder
{
    internal Core.MatchFinder Value { get; }

    /// <param name="distance">What embeddings are compared by; null is the cosine of their angle.</param>
    /// <param name="threshold">What matches from what does not; null: every call must say, or a calibration.</param>
    /// <exception cref="ArgumentException">The threshold is NaN.</exception>
    public MatchFinder(Distance? distance = null, double? threshold = null)
        : this(new Core.MatchFinder(distance ?? new CosineSimilarity(), threshold)) { }

    internal MatchFinder(Core.MatchFinder value) => Value = value;

    /// <summary>What embeddings are compared by.</summary>
    public Distance Distance => Value.Distance;

    /// <summary>What matches from what does not; null where every call must say.</summary>
    public double? Threshold => Value.Threshold;

    /// <summary>Which rows of the query match which of the reference: (Q × R), bool. The tensor is yours.</summary>
    /// <param name="query">(Q × D).</param>
    /// <param name="reference">(R × D); null is the query, each row of which then matches itself.</param>
    /// <param name="threshold">Null is the finder&#39;s.</param>
    /// <exception cref="InvalidOperationException">There is no threshold.</exception>
    public Tensor GetMatchingPairs(Tensor query, Tensor? reference = null, double? threshold = null)
    {
        ArgumentNullException.ThrowIfNull(query);
        return Value.GetMatchingPairs(query, reference, threshold);
    }

    /// <summary>The same as pairs of row numbers, in the order of the query&#39;s and then the reference&#39;s rows.</summary>
    /// <inheritdoc cref="GetMatchingPairs"/>
    public IReadOnlyList<(long Query, long Reference)> GetMatchingTuples(
        Tensor query,
        Tensor? reference = null,
        double? threshold = null
    )
    {
        ArgumentNullException.ThrowIfNull(query);
        return Value.GetMatchingTuples(query, reference, threshold);
    }

    /// <summary>Whether each row of <paramref name="x"/> (N × D) matches that row of <paramref name="y"/>.</summary>
    /// <param name="x">(N × D).</param>
    /// <param name="y">(N × D).</param>
    /// <param name="threshold">Null is the finder&#39;s.</param>
    /// <exception cref="ArgumentException">They are not alike.</exception>
    /// <exception cref="InvalidOperationException">There is no threshold.</exception>
    public bool[] IsMatch(Tensor x, Tensor y, double? threshold = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        return Value.IsMatch(x, y, threshold);
    }
}
