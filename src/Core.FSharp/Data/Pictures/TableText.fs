namespace MetricLearning

open System
open System.IO
open System.Text

/// Tables of text with a header: comma-separated values as RFC 4180 has them, a quoted cell over several lines included.
module internal TableText =

    let private refuse (path: string) (line: int) (reason: string) : 'T =
        raise (InvalidDataException $"{path}, line {line}: {reason}")

    // What stands in a cell so far.
    [<Struct>]
    type private Cell =
        | Nothing
        | Plain
        | Quoted
        | Closed

    /// The rows with the line at which each begins.
    let private rows (path: string) (reader: TextReader) : ResizeArray<struct (int * string[])> =
        let rows = ResizeArray<struct (int * string[])>()
        let cells = ResizeArray<string>()
        let text = StringBuilder()
        let mutable line = 1
        let mutable start = 1
        let mutable cell = Nothing
        let mutable next = reader.Read()

        let endCell () =
            cells.Add(text.ToString())
            text.Clear() |> ignore

        // An empty line is no row.
        let endRow cell start =
            if cells.Count > 0 || cell <> Nothing then
                endCell ()
                rows.Add(struct (start, cells.ToArray()))
                cells.Clear()

        while next >= 0 do
            let character = char next
            next <- reader.Read()

            if character = '\n' then
                line <- line + 1

            match cell, character with
            | Quoted, '"' when next = int '"' ->
                text.Append '"' |> ignore
                next <- reader.Read()
            | Quoted, '"' -> cell <- Closed
            | Quoted, _ -> text.Append character |> ignore
            | _, ',' ->
                endCell ()
                cell <- Nothing
            | _, '\r' when next = int '\n' || next < 0 -> ()
            | _, '\n' ->
                endRow cell start
                cell <- Nothing
                start <- line
            | Nothing, '"' -> cell <- Quoted
            | Closed, _ -> refuse path line "text follows a closing quote: write a quote within quotes twice."
            | _ ->
                cell <- Plain
                text.Append character |> ignore

        if cell = Quoted then
            refuse path start "a quote is opened in this row that is never closed."

        endRow cell start
        rows

    /// The header and the rows after it, each of as many cells. InvalidDataException, naming the line, otherwise.
    let read (path: string) : string[] * string[][] =
        use reader = new StreamReader(path)
        let all = (rows path reader).ToArray()

        if all.Length = 0 then
            refuse path 1 "the table is empty; its first line names the columns."

        let struct (_, header) = all[0]

        header
        |> Array.countBy id
        |> Array.iter (fun (name, count) ->
            if count > 1 then
                refuse path 1 $"{count} columns have the name \"{name}\".")

        header,
        all[1..]
        |> Array.map (fun struct (line, cells) ->
            if cells.Length <> header.Length then
                refuse path line $"there are {cells.Length} cells, but the header names {header.Length} columns."

            cells)
