using Digits;

namespace Retrieval;

/// <summary>Queries and their neighbours as a page: one file, nothing loaded from elsewhere, light and dark.</summary>
internal static class NeighbourPage
{
    private const string Style = """
        :root { color-scheme: light dark; --page: #fbfaf7; --card: #fff; --ink: #1d1c1a; --muted: #5f5b54; --rule: #dfdbd2; --same: #0b6e69; --wrong: #b3261e; }
        @media (prefers-color-scheme: dark) {
          :root { --page: #16171a; --card: #1e2024; --ink: #eae7e1; --muted: #a8a49c; --rule: #36383d; --same: #62cdc4; --wrong: #ff8a80; }
        }
        body { margin: 0 auto; padding: 2.5rem 1.25rem; max-width: 62rem; background: var(--page); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
        h1 { font: 600 2.2rem/1.15 Georgia, serif; margin: 0 0 1rem; }
        p { max-width: 42rem; margin: 0 0 1rem; }
        .symbols { position: absolute; width: 0; height: 0; }
        ol { list-style: none; margin: 2rem 0 0; padding: 0; }
        li.answer { display: flex; flex-wrap: wrap; gap: .6rem 1.25rem; align-items: start; padding: .8rem 0; border-top: 1px solid var(--rule); }
        figure { margin: 0; width: 4.2rem; text-align: center; }
        figcaption { color: var(--muted); font-size: .8rem; line-height: 1.3; }
        .picture { display: block; width: 4.2rem; height: 4.2rem; padding: .3rem; box-sizing: border-box; fill: currentColor; background: var(--card); border: 1px solid var(--rule); border-radius: .4rem; }
        .query .picture { border: 2px solid var(--ink); }
        .query { margin-right: .75rem; }
        .match .picture { border-color: var(--same); border-width: 2px; }
        .wrong figcaption { color: var(--wrong); font-weight: 600; }
        .far .picture { opacity: .55; }
        """;

    /// <param name="answers">The queries and their neighbours.</param>
    /// <param name="queries">The source of the queries.</param>
    /// <param name="index">The source of the neighbours.</param>
    /// <param name="threshold">The cosine from which pictures match.</param>
    public static string Of(IReadOnlyList<Answer> answers, DigitSet queries, DigitSet index, double threshold)
    {
        var symbols = answers
            .Select(answer => DigitPicture.Symbol($"q{answer.Number}", Pixels(queries, answer.Number)))
            .Concat(
                answers
                    .SelectMany(answer => answer.Neighbours)
                    .Select(neighbour => neighbour.Number)
                    .Distinct()
                    .Select(number => DigitPicture.Symbol($"i{number}", Pixels(index, number)))
            );

        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Digits: queries and their neighbours</title>
            <style>
            {Style}
            </style>
            </head>
            <body>
            <svg class="symbols" aria-hidden="true">{string.Concat(symbols)}</svg>
            <h1>Queries and their neighbours</h1>
            <p>Each row begins with a picture that the networks have never seen, followed by the most similar ones of {index.Count:N0} in the index,
            with the cosine of their embeddings. Framed pictures match: their cosine is at least {threshold:0.000}, the threshold at which 1 % of the
            pairs of different digits would. Pale ones do not; red ones show another digit.</p>
            <ol>
            {string.Join('\n', answers.Select(Row))}
            </ol>
            </body>
            </html>
            """;
    }

    private static ReadOnlySpan<float> Pixels(DigitSet pictures, long number) =>
        pictures.Pictures[number].contiguous().data<float>().ToArray();

    private static string Row(Answer answer)
    {
        var query =
            $"<figure class=\"query\">{DigitPicture.Use($"q{answer.Number}", $"a {answer.Digit}")}<figcaption>{answer.Digit}<br>no. {answer.Number}</figcaption></figure>";
        return $"<li class=\"answer\">{query}{string.Concat(answer.Neighbours.Select(neighbour => Figure(answer, neighbour)))}</li>";
    }

    private static string Figure(Answer answer, Neighbour neighbour)
    {
        var kind = (neighbour.Matches ? "match" : "far") + (neighbour.Digit == answer.Digit ? "" : " wrong");
        return $"<figure class=\"{kind}\">{DigitPicture.Use($"i{neighbour.Number}", $"a {neighbour.Digit}")}<figcaption>{neighbour.Digit}<br>{neighbour.Cosine:0.000}</figcaption></figure>";
    }
}
