using TorchSharp;

namespace Digits;

/// <summary>The page that shows a person what training did: one file, nothing loaded from elsewhere, light and dark.</summary>
internal static class HtmlReport
{
    /// <summary>Writes <c>index.html</c> into the folder of <paramref name="options"/>; its full path comes back.</summary>
    /// <remarks>Scores are those of all runs; the curve, the maps and the pictures show the last one.</remarks>
    public static string Write(Options options, DigitsData digits, IReadOnlyList<Run> runs, RetrievalScores pixels)
    {
        using var scope = torch.NewDisposeScope();
        var path = Path.GetFullPath(Path.Combine(options.Out, "index.html"));
        File.WriteAllText(path, Page(options, digits, runs, pixels));
        return path;
    }

    private static string Page(Options options, DigitsData digits, IReadOnlyList<Run> runs, RetrievalScores pixels)
    {
        var last = runs[^1];
        var protocol = Protocols.Of(options);
        var neighbours = new Neighbours(digits.Test, last);
        var seeds = runs.Count == 1 ? $"seed {last.Seed}" : $"{runs.Count} runs, seeds {runs[0].Seed}–{last.Seed}";
        var which =
            runs.Count == 1 ? "" : $"<p class=\"which\">Everything below shows the last run, seed {last.Seed}.</p>";

        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>Digits: {options.Title}</title>
            <style>
            {Embedded.Text("style.css")}
            </style>
            </head>
            <body>
            {neighbours.Symbols}
            <header>
            <p class="kicker">{options.Title} · {seeds}</p>
            <h1>Handwritten digits, before and after metric learning</h1>
            <p class="lede">A small network looked at {digits.Train.Count:N0} labelled pictures for {last.Losses.Count:N0} iterations, to
            learn where to put a picture so that equal digits lie close together. This page shows how well {digits.Test.Count:N0} pictures
            it has never seen find their own kind.</p>
            </header>
            <main>
            <section aria-labelledby="scores">
            <h2 id="scores">Scores</h2>
            {ScoreCards.Render(
                [.. runs.Select(run => run.Before)],
                [.. runs.Select(run => run.After)],
                pixels,
                "show the same digit",
                "Easy on these data: bare pixels do it too."
            )}
            </section>
            {which}
            <section aria-labelledby="loss">
            <h2 id="loss">Loss</h2>
            {(protocol.AboutLoss is "" ? "" : $"<p>{protocol.AboutLoss}</p>")}
            {(
                last.Losses.Count < options.Epochs
                    ? "<p>The losses were recorded in another folder.</p>"
                    : LossChart.Render(last.Losses, options.Epochs)
            )}
            </section>
            {Accuracies(last, options)}
            <section aria-labelledby="maps">
            <h2 id="maps">Where the test pictures lie</h2>
            <p>Every picture is drawn as the digit it shows. Its place is its embedding, flattened from {protocol.EmbeddingSize} dimensions to the two
            in which the pictures differ most, so some digits overlap here that are apart in truth.</p>
            <div class="pair">
            {EmbeddingMap.Render("Before training", last.EmbeddedBefore, digits.Test.Labels)}
            {EmbeddingMap.Render("After training", last.EmbeddedAfter, digits.Test.Labels)}
            </div>
            </section>
            <section aria-labelledby="typical">
            <h2 id="typical">Nearest neighbours</h2>
            <p>Of each digit, the test picture with the median MAP@R before training, and the {Neighbours.Shown} test pictures nearest to it; wrong ones
            are framed and say what they are. The bar below them is the ranking down to R, the number of other pictures of that digit:
            filled where one of them was found, open where another digit took its place.</p>
            {neighbours.Render(neighbours.Typical())}
            </section>
            <section aria-labelledby="hardest">
            <h2 id="hardest">What still goes wrong</h2>
            <p>The pictures with the lowest MAP@R after training, worst first.</p>
            {neighbours.Render(neighbours.Hardest())}
            </section>
            <section aria-labelledby="settings">
            <h2 id="settings">Settings</h2>
            {Settings.Render(options, runs)}
            </section>
            </main>
            <footer>
            <p>Data: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
            CC BY 4.0. MAP@R: Musgrave, Belongie and Lim (2020), A Metric Learning Reality Check.</p>
            </footer>
            </body>
            </html>
            """;
    }

    private static string Accuracies(Run run, Options options) =>
        run.Accuracies is { } accuracies
            ? $"""
                <section aria-labelledby="accuracies">
                <h2 id="accuracies">Accuracies meanwhile</h2>
                <p>Recorded every {(
                    options.EvaluateEvery == 1 ? "epoch" : $"{options.EvaluateEvery} epochs"
                )}. Looking at the test pictures
                changed nothing: the weights are those of a run without it.</p>
                {AccuracyChart.Render(accuracies, options.Epochs)}
                </section>
                """
            : "";
}
