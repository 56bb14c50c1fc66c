namespace MetricLearning.Benchmarks

open System
open System.IO

/// Tables that a command writes into a page, between a pair of comments that name them.
module MarkedPage =

    /// The page with another table between `<!-- name -->` and `<!-- end of name -->`.
    /// Raises InvalidDataException where the page has no such pair.
    let replace (name: string) (table: string) (page: string) : string =
        let first, last = $"<!-- {name} -->", $"<!-- end of {name} -->"
        let from = page.IndexOf(first, StringComparison.Ordinal)
        let upTo = page.IndexOf(last, StringComparison.Ordinal)

        if from < 0 || upTo < from then
            raise (InvalidDataException $"The page has no place for the table: {first}, then {last}.")

        String.Concat(page.AsSpan(0, from + first.Length), $"\n\n{table}\n\n", page.AsSpan upTo)
