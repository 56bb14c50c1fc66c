using MetricLearning;
using TorchSharp;
using static System.Net.WebUtility;

namespace Pictures;

/// <summary>The page that shows a person what was learned: one file, nothing loaded from elsewhere, light and dark.</summary>
internal static class Page
{
    /// <summary>Writes <c>index.html</c> into the folder of <paramref name="options"/>; its full path comes back.</summary>
    public static string Write(Options options, PictureData data, Run run, RetrievalScores pixels)
    {
        using var scope = torch.NewDisposeScope();
        var path = Path.GetFullPath(Path.Combine(options.Out, "index.html"));
        File.WriteAllText(path, Html(options, data, run, pixels));
        return path;
    }

    private static string Html(Options options, PictureData data, Run run, RetrievalScores pixels)
    {
        var thumbnails = new Thumbnails(data.Test);
        var ranking = new Ranking(data.Test, run.Embeddings);
        var queries = Queries.Render(ranking, thumbnails);
        var confusions = Confusions.Render(ranking, thumbnails);
        var map = EmbeddingMap.Render(run.Embeddings, thumbnails);

        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>Pictures: {options.Method}</title>
            <style>
            {Embedded.Text("style.css")}
            {Embedded.Text("pictures.css")}
            </style>
            </head>
            <body>
            {thumbnails.Symbols}
            <header>
            <p class="kicker">{options.Method} · {options.Networks.Trunk} · seed {options.Seed}</p>
            <h1>The same thing, by another hand</h1>
            <p class="lede">A network saw {data.Train.Count:N0} pictures of {Classes(data.Train):N0} classes and learned what makes two of them the same
            thing. Here it looks for {data.Test.Count:N0} pictures of {Classes(data.Test):N0} classes that it has never seen: each asks for the
            others of its class.</p>
            </header>
            <main>
            <section aria-labelledby="scores">
            <h2 id="scores">Scores</h2>
            {ScoreCards.Render([run.Before], [run.After], pixels, "are of the same class")}
            </section>
            <section aria-labelledby="queries">
            <h2 id="queries">Queries and what they found</h2>
            <p>The framed picture asks; its {Queries.Shown} nearest follow. Those of another class are marked. First some that found all of their class,
            then some of the middle, then the worst.</p>
            {queries}
            </section>
            <section aria-labelledby="confusions">
            <h2 id="confusions">The hardest classes</h2>
            <p>The classes that find the fewest of their own, and the classes that they find instead, with the part of their {"R"} nearest that is of it.</p>
            {confusions}
            </section>
            <section aria-labelledby="map">
            <h2 id="map">A map of the embedding</h2>
            {map}
            </section>
            <section aria-labelledby="loss">
            <h2 id="loss">Loss</h2>
            {(
                run.Losses.Count < options.Epochs
                    ? "<p>The losses were recorded in another folder.</p>"
                    : LossChart.Render(run.Losses, options.Epochs)
            )}
            </section>
            {Accuracies(run, options)}
            <section aria-labelledby="card">
            <h2 id="card">Card of the model</h2>
            <p><code>{HtmlEncode(options.Model)}</code> holds the networks, a threshold and this card.</p>
            <dl>
            {string.Join(
                "\n",
                run.Card.Where(entry => entry.Key != "command").Select(entry =>
                    $"<div><dt>{HtmlEncode(Capital(entry.Key))}</dt><dd>{HtmlEncode(entry.Value)}</dd></div>"
                )
            )}
            </dl>
            <p>This command gives the same weights, bit for bit, on the same kind of machine:</p>
            <pre><code>{HtmlEncode(run.Card.First(entry => entry.Key == "command").Value)}</code></pre>
            </section>
            </main>
            <footer>
            <p>{(
                options.Data is null
                    ? "Drawings: Noto Emoji (Apache-2.0), Twemoji (CC BY 4.0, Twitter, Inc. and other contributors), OpenMoji (CC BY-SA 4.0, openmoji.org), Fluent Emoji (MIT, Microsoft). "
                    : ""
            )}MAP@R: Musgrave, Belongie and Lim (2020), A Metric Learning Reality Check.</p>
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
                <p>Of validation pictures, whose classes were not trained on either, every {options.EvaluateEvery} epochs. There are fewer of them than
                test pictures, so that each is found more easily.</p>
                {AccuracyChart.Render(accuracies, options.Epochs)}
                </section>
                """
            : "";

    private static int Classes(PictureSet pictures) => pictures.Labels.Distinct().Count();

    private static string Capital(string words) => char.ToUpperInvariant(words[0]) + words[1..];
}
