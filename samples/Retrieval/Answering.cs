using Digits;
using static TorchSharp.torch;

namespace Retrieval;

/// <summary>A picture of the index beside a query.</summary>
/// <param name="Number">In the index.</param>
/// <param name="Digit">The digit in the image.</param>
/// <param name="Cosine">Its similarity to the query.</param>
/// <param name="Matches">True if it is similar enough to count as the same digit.</param>
internal sealed record Neighbour(long Number, long Digit, float Cosine, bool Matches);

/// <summary>A query and what was found.</summary>
/// <param name="Number">Among the queries.</param>
/// <param name="Digit">The digit in the image.</param>
internal sealed record Answer(long Number, long Digit, IReadOnlyList<Neighbour> Neighbours)
{
    public int Right => Neighbours.Count(neighbour => neighbour.Digit == Digit);
}

/// <summary>The second process: load, find, show.</summary>
internal static class Answering
{
    public static void Run(Options options, int[] numbers)
    {
        var digits = DigitsData.Load();
        var (_, queries) = Halves.Of(digits.Test);
        var (trunk, embedder) = Networks.Make(options.Device);
        using var model = Networks.Model(trunk, embedder);
        model.Load(options.File);

        var labels = queries.Labels.data<long>().ToArray();
        var asked =
            numbers.Length > 0 ? numbers : [.. Enumerable.Range(0, 10).Select(digit => Array.IndexOf(labels, digit))];
        if (asked.FirstOrDefault(number => number < 0 || number >= labels.Length, -1) is var wrong and not -1)
            throw new ArgumentException($"There are queries 0 to {labels.Length - 1}, but no {wrong}.");

        var rows = tensor(asked.Select(number => (long)number).ToArray());
        var found = model.GetNearestNeighbors(queries.Pictures.index_select(0, rows), options.Neighbours);
        var (cosines, indices) = (found.Distances.cpu(), found.Indices.cpu());
        var shown = digits.Train.Labels.data<long>().ToArray();
        var answers = asked
            .Select(
                (number, row) =>
                    new Answer(
                        number,
                        labels[number],
                        [
                            .. indices[row]
                                .data<long>()
                                .Zip(
                                    cosines[row].data<float>(),
                                    (index, cosine) =>
                                        new Neighbour(
                                            index,
                                            shown[index],
                                            cosine,
                                            cosine >= model.MatchFinder.Threshold
                                        )
                                ),
                        ]
                    )
            )
            .ToList();

        foreach (var answer in answers)
        {
            var digitsFound = answer.Neighbours.Select(neighbour =>
                neighbour.Matches ? $"{neighbour.Digit}" : $"({neighbour.Digit})"
            );
            Console.WriteLine($"{answer.Number, 4} shows a {answer.Digit}, nearest: {string.Join(' ', digitsFound)}");
        }

        var page = Path.GetFullPath(Path.Combine(options.Out, "index.html"));
        File.WriteAllText(page, NeighbourPage.Of(answers, queries, digits.Train, model.MatchFinder.Threshold!.Value));
        Console.WriteLine($"Page: {page}");

        // For scripts, always the last line.
        Console.WriteLine(
            $"right {answers.Sum(answer => answer.Right)} of {answers.Sum(answer => answer.Neighbours.Count)}"
        );
    }
}
