namespace MetricLearning.Benchmarks

open System

/// A table of measurements: every row is printed when it is added, and all of them can be put on a page afterwards. The first column
/// holds names.
[<Sealed>]
type Section(title: string, columns: string list) =
    let rows = ResizeArray<string list>()

    let print (cells: string list) =
        let numbers =
            List.map2 (fun (column: string) (cell: string) -> cell.PadLeft(max 13 column.Length)) columns cells

        printfn "%s" (String.Join(" ", cells.Head.PadRight 44 :: numbers.Tail).TrimEnd())

    do
        printfn "\n%s" title
        print columns

    /// Adds a row. Columns for which there is no cell stay empty.
    member _.Add(cells: string list) : unit =
        let row = cells @ List.replicate (columns.Length - cells.Length) ""
        print row
        rows.Add row

    /// The title and the table, without columns that are empty.
    member _.ToMarkdown() : string =
        let used =
            [
                for column in 0 .. columns.Length - 1 do
                    if column = 0 || rows |> Seq.exists (fun row -> row[column] <> "") then
                        column
            ]

        let line (cells: string list) =
            let shown = String.Join(" | ", [ for column in used -> cells[column] ])
            $"| {shown} |"

        String.Join(
            "\n",
            [
                $"{title}:\n"
                line columns
                "|" + String.replicate used.Length "---|"
                yield! Seq.map line rows
            ]
        )
