using MetricLearning;
using static TorchSharp.torch;

namespace Pictures;

/// <summary>For each picture the others from the nearest on, as far as the page needs them.</summary>
internal sealed class Ranking
{
    private readonly long[] nearest;
    private readonly int depth;

    /// <param name="pictures">N pictures.</param>
    /// <param name="embeddings">Theirs, (N × D).</param>
    public Ranking(PictureSet pictures, Tensor embeddings)
    {
        using var scope = NewDisposeScope();
        Labels = pictures.Labels;
        Mates = Array.ConvertAll(Labels, label => Labels.Count(other => other == label) - 1);
        depth = Math.Min(Labels.Length - 1, Math.Max(Queries.Shown, Mates.Max()));
        var unit = nn.functional.normalize(embeddings);
        var found = new CustomKNN(new CosineSimilarity()).Search(unit, depth, unit, refIncludesQuery: true);
        nearest = found.Indices.cpu().data<long>().ToArray();
    }

    /// <summary>The number of each picture's class.</summary>
    public long[] Labels { get; }

    /// <summary>How many others of its class there are.</summary>
    public int[] Mates { get; }

    /// <summary>The nearest others of a picture, nearest first.</summary>
    public int[] Nearest(int index, int count) =>
        [.. nearest.Skip(index * depth).Take(Math.Min(count, depth)).Select(other => (int)other)];

    /// <summary>The part of the R nearest that is of the picture's class, early ranks counting more: its share of MAP@R.</summary>
    public double Score(int index)
    {
        var (hits, sum) = (0, 0.0);
        foreach (var (rank, other) in Nearest(index, Mates[index]).Index())
            if (Labels[other] == Labels[index])
                sum += (double)++hits / (rank + 1);
        return Mates[index] == 0 ? 1 : sum / Mates[index];
    }
}
