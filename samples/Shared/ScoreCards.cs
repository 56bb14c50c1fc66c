namespace Samples;

/// <summary>The headline: one card a metric, with the way from before to after on a scale from 0 to 1.</summary>
internal static class ScoreCards
{
    /// <param name="before">Of each run.</param>
    /// <param name="after">Of each run.</param>
    /// <param name="pixels">What the pictures give without a network.</param>
    /// <param name="alike">What a picture and its mates do, such as "show the same digit".</param>
    /// <param name="aboutFirst">A last word about P@1, perhaps empty.</param>
    public static string Render(
        IReadOnlyList<RetrievalScores> before,
        IReadOnlyList<RetrievalScores> after,
        RetrievalScores pixels,
        string alike,
        string aboutFirst = ""
    )
    {
        string[] meanings =
        [
            $"Look at the R nearest, where R is how many others {alike}. How many of them do, early ranks counting more? The strictest of the three.",
            $"The part of those R nearest pictures that {alike}, in any order.",
            $"How often the very nearest picture is one of those that {alike}. {aboutFirst}",
        ];
        return $"""
            <div class="cards">
            {string.Join(
                "\n",
                meanings.Select(
                    (meaning, metric) =>
                        Card(metric, Spread.Of(before, metric), Spread.Of(after, metric), pixels[metric], meaning)
                )
            )}
            </div>
            <p class="legend"><span><i class="key before"></i>before training</span><span><i class="key after"></i>after</span>
            <span><i class="key pixels"></i>raw pixels, no network</span></p>
            """;
    }

    private static string Card(int metric, Spread before, Spread after, double pixels, string meaning)
    {
        var deviation = after.Count > 1 ? $"<small> ± {after.Deviation:0.000}</small>" : "";
        var (low, high) = (Math.Min(before.Mean, after.Mean), Math.Max(before.Mean, after.Mean));
        return $"""
            <article>
            <h3>{RetrievalScores.Names[metric]}</h3>
            <p class="score">{after.Mean:0.000}{deviation}</p>
            <p class="from">from {before.Mean:0.000}; raw pixels {pixels:0.000}</p>
            <div class="scale" aria-hidden="true"><i class="way" style="left:{low:0.0%};width:{high
                - low:0.0%}"></i><i class="key pixels"
            style="left:{pixels:0.0%}"></i><i class="key before" style="left:{before.Mean:0.0%}"></i><i class="key after"
            style="left:{after.Mean:0.0%}"></i></div>
            <p class="note">{meaning}</p>
            </article>
            """;
    }
}
