namespace MetricLearning

open System
open System.Globalization
open System.IO
open System.Text

/// The lines of a CSV file of records: a header, and a row for each x.
type internal CsvTable =
    {
        /// The names of the series, after x.
        Columns: string[]
        /// x, and the cells after it.
        Rows: (int64 * string[])[]
        /// False if the file has more, such as the unfinished line of a killed process.
        IsWhole: bool
    }

/// Reading and writing them. A cell has no line breaks, so every row is one line.
module internal CsvTable =

    /// The name of the column of x.
    let X = "~iteration~"

    let private quoted (cell: string) =
        if cell.AsSpan().ContainsAny(',', '"') then
            "\"" + cell.Replace("\"", "\"\"") + "\""
        else
            cell

    /// A line with its end.
    let line (cells: string seq) : string =
        String.Join(',', Seq.map quoted cells) + "\n"

    /// The cells of a line, without its end.
    let cells (line: string) : string[] =
        let found = ResizeArray<string>()
        let cell = StringBuilder()
        let mutable inQuotes = false
        let mutable at = 0

        while at < line.Length do
            match line[at] with
            | '"' when inQuotes && at + 1 < line.Length && line[at + 1] = '"' ->
                cell.Append '"' |> ignore
                at <- at + 1
            | '"' -> inQuotes <- not inQuotes
            | ',' when not inQuotes ->
                found.Add(cell.ToString())
                cell.Clear() |> ignore
            | other -> cell.Append other |> ignore

            at <- at + 1

        found.Add(cell.ToString())
        found.ToArray()

    /// A value as a cell: numbers so that they read back the same, text in one line.
    let cell (value: RecordValue) : string =
        match value with
        | RecordValue.Whole number -> number.ToString CultureInfo.InvariantCulture
        | RecordValue.Number number -> number.ToString CultureInfo.InvariantCulture
        | RecordValue.Text text -> text.ReplaceLineEndings " "
        | RecordValue.Vector numbers ->
            let shown = numbers |> Seq.map _.ToString(CultureInfo.InvariantCulture)
            "[" + String.Join(", ", shown) + "]"

    /// The table in a file's text. Raises InvalidDataException when it is not one of records.
    let parse (title: string) (text: string) : CsvTable =
        let lines = text.Split '\n'
        let header = cells (lines[0].TrimEnd '\r')

        if lines.Length < 2 || header[0] <> X then
            raise (
                InvalidDataException
                    $"\"{title}\" is no file of records: its first line does not begin with {X}. Record into another folder, or move the file away."
            )

        let row (line: string) =
            let found = cells (line.TrimEnd '\r')

            match Int64.TryParse(found[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) with
            | true, x when found.Length = header.Length -> Some(x, found[1..])
            | _ -> None

        let given = lines[1 .. lines.Length - 2]
        let rows = Array.choose row given

        {
            Columns = header[1..]
            Rows = rows
            IsWhole = lines[lines.Length - 1] = "" && rows.Length = given.Length
        }

    /// The table as text.
    let render (table: CsvTable) : string =
        let text = StringBuilder(line (Seq.append [ X ] table.Columns))

        for x, cells in table.Rows do
            text.Append(line (Seq.append [ x.ToString CultureInfo.InvariantCulture ] cells))
            |> ignore

        text.ToString()
