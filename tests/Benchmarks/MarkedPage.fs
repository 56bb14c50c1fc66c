namespace MetricLearning.Benchmarks

open System
open System.IO
open System.Text.RegularExpressions

/// Tables that a command writes into a page, between a pair of comments that name them.
module MarkedPage =

    let private first (name: string) = $"<!-- {name} -->"
    let private last (name: string) = $"<!-- end of {name} -->"

    /// The page with another table between `<!-- name -->` and `<!-- end of name -->`.
    /// Raises InvalidDataException where the page has no such pair.
    let replace (name: string) (table: string) (page: string) : string =
        let first, last = first name, last name
        let from = page.IndexOf(first, StringComparison.Ordinal)
        let upTo = page.IndexOf(last, StringComparison.Ordinal)

        if from < 0 || upTo < from then
            raise (InvalidDataException $"The page has no place for the table: {first}, then {last}.")

        String.Concat(page.AsSpan(0, from + first.Length), $"\n\n{table}\n\n", page.AsSpan upTo)

    /// Raises InvalidDataException unless the page has a pair of comments for each of these tables, in this order, and no others.
    let expectTables (names: string list) (page: string) : unit =
        let found = [ for comment in Regex.Matches(page, "<!-- .+? -->") -> comment.Value ]
        let wanted = names |> List.collect (fun name -> [ first name; last name ])

        if found <> wanted then
            let shown (comments: string list) = String.Join(", ", comments)

            raise (
                InvalidDataException
                    $"The page has other tables than those that are measured.\nOn the page: {shown found}\nMeasured: {shown wanted}"
            )
