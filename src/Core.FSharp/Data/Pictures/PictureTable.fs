namespace MetricLearning

open System
open System.IO
open System.Collections.Generic

/// Tables of pictures, and of what is known of them.
module internal PictureTable =

    let private placeOf (table: string) (header: string[]) (name: string) : int =
        match Array.IndexOf(header, name) with
        | -1 ->
            let known = header |> Array.map (fun name -> $"\"{name}\"")
            invalidArg "column" $"""{table} has no column "{name}"; it has {String.Join(", ", known)}."""
        | place -> place

    let private columns (header: string[]) (rows: string[][]) : PictureColumn[] =
        header
        |> Array.mapi (fun place name -> PictureColumn.ofValues name (rows |> Array.map (fun row -> row[place])))

    /// A picture for each row.
    let read (table: string) (pathColumn: string) : PictureFiles * PictureColumn[] =
        let header, rows = TableText.read table
        let path = placeOf table header pathColumn
        let folder = nonNull (Path.GetDirectoryName(Path.GetFullPath table))

        if rows.Length = 0 then
            raise (InvalidDataException $"{table} has no pictures: there is no row after the header.")

        let files =
            rows
            |> Array.map (fun row -> Path.GetFullPath(row[path], folder))
            |> PictureFiles.ofPaths

        // The paths are in the files.
        files, columns header rows |> Array.filter (fun column -> column.Name <> pathColumn)

    /// The table's other columns for the pictures, each of which takes the row with its value of the key.
    let join (table: string) (key: PictureColumn) : PictureColumn[] =
        let header, rows = TableText.read table
        let place = placeOf table header key.Name
        let rowOf = Dictionary<string, int>()

        for row in 0 .. rows.Length - 1 do
            if not (rowOf.TryAdd(rows[row][place], row)) then
                raise (InvalidDataException $"{table}: two rows have \"{rows[row][place]}\" as their {key.Name}.")

        // Only values that pictures have.
        let rowOfCode =
            key.Codes
            |> Array.distinct
            |> Array.map (fun code ->
                match rowOf.TryGetValue key.Values[code] with
                | true, row -> code, row
                | _ -> invalidArg "table" $"{table} has no row for the {key.Name} \"{key.Values[code]}\".")
            |> dict

        columns header rows
        |> Array.filter (fun column -> column.Name <> key.Name)
        |> Array.map (fun column ->
            { column with
                Codes = key.Codes |> Array.map (fun code -> column.Codes[rowOfCode[code]])
            })
