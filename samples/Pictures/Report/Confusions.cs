namespace Pictures;

/// <summary>The classes that are found least, and what is found instead.</summary>
internal static class Confusions
{
    private const int Shown = 10;
    private const int OthersShown = 3;

    public static string Render(Ranking ranking, Thumbnails thumbnails)
    {
        var classes = Enumerable
            .Range(0, ranking.Labels.Length)
            .GroupBy(index => ranking.Labels[index])
            .Select(members =>
            {
                var found = members
                    .SelectMany(index => ranking.Nearest(index, ranking.Mates[index]))
                    .GroupBy(other => ranking.Labels[other])
                    .ToDictionary(group => group.Key, group => group.ToList());
                var all = Math.Max(1, found.Values.Sum(group => group.Count));
                return (
                    First: members.First(),
                    Own: (double)found.GetValueOrDefault(members.Key, []).Count / all,
                    Others: found
                        .Where(group => group.Key != members.Key)
                        .OrderByDescending(group => group.Value.Count)
                        .Take(OthersShown)
                        .Select(group => (Picture: group.Value[0], Part: (double)group.Value.Count / all))
                        .ToList()
                );
            })
            .OrderBy(one => one.Own)
            .Take(Shown);

        return $"""
            <div class="wide">
            <table class="confused">
            <thead><tr><th scope="col">Class</th><th scope="col">finds its own</th><th scope="col" colspan="{OthersShown}">and instead</th></tr></thead>
            <tbody>
            {string.Join("\n", classes.Select(Row))}
            </tbody>
            </table>
            </div>
            """;

        string Row((int First, double Own, List<(int Picture, double Part)> Others) one) =>
            $"<tr><th scope=\"row\">{Cell(one.First)}</th><td>{one.Own:0%}</td>{string.Concat(one.Others.Select(other => $"<td>{Cell(other.Picture)} {other.Part:0%}</td>"))}</tr>";

        string Cell(int picture) => $"{thumbnails.Show(picture)}<span>{thumbnails.Name(picture)}</span>";
    }
}
