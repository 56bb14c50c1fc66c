namespace Pictures;

/// <summary>Pictures that ask, and what they found.</summary>
internal static class Queries
{
    /// <summary>How many neighbours are shown.</summary>
    public const int Shown = 8;

    private const int OfEach = 5;

    public static string Render(Ranking ranking, Thumbnails thumbnails)
    {
        // Of each class the picture of the median, so that no class is shown twice.
        var order = Enumerable
            .Range(0, ranking.Labels.Length)
            .GroupBy(index => ranking.Labels[index])
            .Select(group => group.OrderByDescending(ranking.Score).ElementAt(group.Count() / 2))
            .OrderByDescending(ranking.Score)
            .ToList();
        var best = Spread(order.TakeWhile(index => ranking.Score(index) == 1).ToList());
        var middle = order.Skip(order.Count / 2 - OfEach / 2).Take(OfEach);
        var worst = order.TakeLast(OfEach);
        return $"""
            <div class="asked">
            {string.Join("\n", best.Concat(middle).Concat(worst).Distinct().Select(Row))}
            </div>
            """;

        string Row(int index)
        {
            var found = ranking.Nearest(index, Shown);
            var right = ranking.Nearest(index, ranking.Mates[index]).Count(IsMate);
            bool IsMate(int other) => ranking.Labels[other] == ranking.Labels[index];
            return $"""
                <div class="row" role="group" aria-label="{thumbnails.Name(index)}: {right} of {ranking.Mates[index]} found">
                <figure class="asks">{thumbnails.Show(index)}<figcaption>{thumbnails.Name(
                    index
                )}<br>{right} of {ranking.Mates[index]}</figcaption></figure>
                <ol>{string.Concat(
                    found.Select(other =>
                        IsMate(other)
                            ? $"<li>{thumbnails.Show(other)}</li>"
                            : $"<li class=\"not\">{thumbnails.Show(other)}<b>{thumbnails.Name(other)}</b></li>"
                    )
                )}</ol>
                </div>
                """;
        }
    }

    private static IEnumerable<int> Spread(List<int> all) =>
        Enumerable.Range(0, Math.Min(OfEach, all.Count)).Select(number => all[number * all.Count / OfEach % all.Count]);
}
