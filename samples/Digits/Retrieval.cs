using TorchSharp;
using static TorchSharp.torch;

namespace Digits;

/// <summary>Exact search by cosine similarity, which ranks like Euclidean distance between normalised embeddings.</summary>
internal static class Retrieval
{
    // One block of similarities at a time, so that memory grows with the number of rows and not with its square.
    private const long BlockRows = 1024;

    /// <summary>The scores' mean over all queries that have a match to find.</summary>
    /// <param name="embeddings">(N × D)</param>
    /// <param name="labels">(N), int64, none negative</param>
    public static RetrievalScores Score(Tensor embeddings, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var scores = ScoreEach(embeddings, labels);
        var mean = (scores.nan_to_num().sum([0]) / scores.isfinite().sum([0])).data<double>();
        return new(mean[0], mean[1], mean[2]);
    }

    /// <summary>The scores of every query, (N × 3) in the order of <see cref="RetrievalScores"/>; NaN where nothing matches.</summary>
    public static Tensor ScoreEach(Tensor embeddings, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var relevant = bincount(labels).index_select(0, labels) - 1;
        var deepest = relevant.max().ToInt64();
        var ranks = arange(1, deepest + 1, ScalarType.Float64);

        var scores = Blocks(embeddings, deepest)
            .Select(block =>
            {
                var (rows, neighbours) = block;
                var r = relevant[rows].to(ScalarType.Float64).unsqueeze(1);
                var hits = labels.take(neighbours).eq(labels[rows].unsqueeze(1)).logical_and(ranks <= r);
                var precision = hits.cumsum(1) / ranks;
                return cat(
                    [(precision * hits).sum(1, true) / r, hits.sum(1, true) / r, hits[.., ..1] / r.clamp(max: 1)],
                    1
                );
            })
            .ToArray();
        return cat(scores).MoveToOuterDisposeScope();
    }

    /// <summary>Row numbers of the nearest others, nearest first: (N × count).</summary>
    public static Tensor Nearest(Tensor embeddings, long count)
    {
        using var scope = NewDisposeScope();
        return cat(Blocks(embeddings, count).Select(block => block.Neighbours).ToArray()).MoveToOuterDisposeScope();
    }

    private static IEnumerable<(TensorIndex Rows, Tensor Neighbours)> Blocks(Tensor embeddings, long count)
    {
        var points = nn.functional.normalize(embeddings.to(ScalarType.Float64));
        for (long start = 0; start < points.size(0); start += BlockRows)
        {
            var rows = TensorIndex.Slice(start, Math.Min(start + BlockRows, points.size(0)));
            var similarities = points[rows].mm(points.t());
            similarities.diagonal(start).fill_(double.NegativeInfinity); // nobody is their own neighbour
            yield return (rows, similarities.topk((int)count).indexes);
        }
    }
}
