using TorchSharp;

namespace Digits;

/// <summary>Pictures and those nearest to them, before and after training.</summary>
internal sealed class Neighbours
{
    /// <summary>How many are shown as pictures.</summary>
    public const int Shown = 8;
    private const int HardestShown = 5;

    private readonly long[] labels;
    private readonly float[] pixels;
    private readonly int[] mates; // R of each row: how many others show its digit
    private readonly int depth;
    private readonly (string Title, long[] Ranks, double[] Scores)[] rankings;

    public Neighbours(DigitSet test, Run run)
    {
        using var scope = torch.NewDisposeScope();
        labels = test.Labels.data<long>().ToArray();
        pixels = test.Pictures.data<float>().ToArray();
        mates = Array.ConvertAll(labels, label => labels.Count(other => other == label) - 1);
        depth = Math.Max(Shown, mates.Max());
        rankings =
        [
            Ranking("Before", run.EmbeddedBefore, test.Labels),
            Ranking("After", run.EmbeddedAfter, test.Labels),
        ];
    }

    /// <summary>The definitions of all pictures, to be placed once on the page.</summary>
    public string Symbols =>
        $"""
            <svg class="symbols" aria-hidden="true"><defs>
            {string.Concat(Pictured().Select(row => DigitPicture.Symbol($"p{row}", Pixels(row))))}</defs></svg>
            """;

    /// <summary>Of each digit, the row with the median MAP@R before training.</summary>
    public int[] Typical() =>
        [
            .. Rows()
                .GroupBy(row => labels[row])
                .OrderBy(kind => kind.Key)
                .Select(kind => kind.OrderBy(row => rankings[0].Scores[row]).ElementAt(kind.Count() / 2)),
        ];

    /// <summary>The rows with the least MAP@R after training, worst first.</summary>
    public int[] Hardest() => [.. Rows().OrderBy(row => rankings[1].Scores[row]).Take(HardestShown)];

    /// <summary>A line for each of the rows: the picture, whom it found before, whom it finds after.</summary>
    public string Render(int[] rows) =>
        $"""
            <div class="queries">
            {string.Join("\n", rows.Select(Query))}
            </div>
            """;

    private string Query(int row) =>
        $"""
            <div class="query" role="group" aria-label="A picture of a {labels[row]}">
            <figure class="asks">{DigitPicture.Use($"p{row}", $"{labels[row]}")}<figcaption aria-hidden="true">{labels[
                row
            ]}</figcaption></figure>
            {string.Join("\n", rankings.Select(ranking => Strip(row, ranking.Title, ranking.Ranks)))}
            </div>
            """;

    private string Strip(int row, string title, long[] ranks)
    {
        var (digit, r) = (labels[row], mates[row]);
        var found = ranks.AsSpan(row * depth, depth).ToArray();
        var bar = Enumerable
            .Range(0, r)
            .Where(rank => labels[found[rank]] == digit)
            .Select(rank => $"M{rank},0h1v1h-1z")
            .ToList();
        return $"""
            <div class="strip">
            <p>{title}: {bar.Count} of {r}</p>
            <ol aria-label="The nearest {Shown}">{string.Concat(
                found.Take(Shown).Select(other => Item(other, digit))
            )}</ol>
            <svg class="found" viewBox="0 0 {r} 1" preserveAspectRatio="none" aria-hidden="true"><path d="{string.Concat(
                bar
            )}"/></svg>
            </div>
            """;
    }

    private string Item(long row, long sought)
    {
        var digit = labels[row];
        return digit == sought
            ? $"<li>{DigitPicture.Use($"p{row}", $"{digit}")}</li>"
            : $"<li class=\"wrong\">{DigitPicture.Use($"p{row}", $"{digit}, wrong")}<b aria-hidden=\"true\">{digit}</b></li>";
    }

    private (string, long[], double[]) Ranking(string title, torch.Tensor embeddings, torch.Tensor labels) =>
        (
            title,
            Retrieval.Nearest(embeddings, depth).data<long>().ToArray(),
            Retrieval.ScoreEach(embeddings, labels).select(1, 0).contiguous().data<double>().ToArray()
        );

    private IEnumerable<int> Rows() => Enumerable.Range(0, labels.Length);

    private IEnumerable<long> Pictured()
    {
        var queries = Typical().Concat(Hardest()).ToArray();
        var nearest = rankings.SelectMany(ranking =>
            queries.SelectMany(row => ranking.Ranks.Skip(row * depth).Take(Shown))
        );
        return queries.Select(row => (long)row).Concat(nearest).Distinct();
    }

    private ReadOnlySpan<float> Pixels(long row) => pixels.AsSpan((int)row * 64, 64);
}
