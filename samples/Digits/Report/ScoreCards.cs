namespace Digits;

/// <summary>The headline: one card a metric, with the way from before to after on a scale from 0 to 1.</summary>
internal static class ScoreCards
{
    private static readonly string[] Meanings =
    [
        "Look at the R nearest, where R is how many others show the same digit. How many of them do, early ranks counting more? "
            + "The strictest of the three.",
        "The part of those R nearest pictures that show the same digit, in any order.",
        "How often the very nearest picture shows the same digit. Easy on these data: bare pixels do it too.",
    ];

    public static string Render(IReadOnlyList<Run> runs, RetrievalScores pixels) =>
        $"""
            <div class="cards">
            {string.Join(
                "\n",
                RetrievalScores.Names.Select((_, metric) => Card(runs, pixels, metric))
            )}
            </div>
            <p class="legend"><span><i class="key before"></i>before training</span><span><i class="key after"></i>after</span>
            <span><i class="key pixels"></i>raw pixels, no network</span></p>
            """;

    private static string Card(IReadOnlyList<Run> runs, RetrievalScores pixels, int metric)
    {
        var before = Spread.Of(runs, run => run.Before, metric);
        var after = Spread.Of(runs, run => run.After, metric);
        var deviation = after.Count > 1 ? $"<small> ± {after.Deviation:0.000}</small>" : "";
        var (low, high) = (Math.Min(before.Mean, after.Mean), Math.Max(before.Mean, after.Mean));
        return $"""
            <article>
            <h3>{RetrievalScores.Names[metric]}</h3>
            <p class="score">{after.Mean:0.000}{deviation}</p>
            <p class="from">from {before.Mean:0.000}; raw pixels {pixels[metric]:0.000}</p>
            <div class="scale" aria-hidden="true"><i class="way" style="left:{low:0.0%};width:{high
                - low:0.0%}"></i><i class="key pixels"
            style="left:{pixels[
                metric
            ]:0.0%}"></i><i class="key before" style="left:{before.Mean:0.0%}"></i><i class="key after"
            style="left:{after.Mean:0.0%}"></i></div>
            <p class="note">{Meanings[metric]}</p>
            </article>
            """;
    }
}
