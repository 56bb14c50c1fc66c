/// The writers' files against a model of them, with readers that share no code with them.
module MetricLearning.Core.Tests.Records.WriterTests

open System
open System.Globalization
open System.IO
open Expecto
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RecordDeeds

let private csv =
    property "CSV files hold each record once, whoever was killed" 60 (fun deeds ->
        holds deeds (fun folder -> new CsvRecords(folder)) (fun folder ->
            let expected = expected deeds
            let all = Path.Combine(folder, groups[1] + ".csv")

            if not expected.IsEmpty then
                let lines = File.ReadAllLines all
                let columns = lines[0].Split(',').Length - 1

                let rows =
                    [
                        for x, values in Map.toSeq expected do
                            let missing = List.replicate (columns - values.Length) ""
                            String.Join(',', string x :: List.map invariant values @ missing)
                    ]

                Expect.sequenceEqual lines[1..] rows "rows"))

let private sqlite =
    property "tables hold each record once, whoever was killed" 15 (fun deeds ->
        let path folder = Path.Combine(folder, "logs.db")

        holds deeds (fun folder -> new SqliteRecords(path folder)) (fun folder ->
            let expected = expected deeds

            if not expected.IsEmpty then
                let rows =
                    SqliteShell.query
                        (path folder)
                        $"""SELECT "~iteration~", printf('%%!.17g', "series '0'") FROM "{groups[1]}" ORDER BY 1"""

                let read (row: string) =
                    let cells = row.Split '|'

                    int64 cells[0],
                    match cells[1] with
                    | "Inf" -> infinity
                    | number -> Double.Parse(number, CultureInfo.InvariantCulture)

                Expect.sequenceEqual
                    (Array.map read rows)
                    [ for x, values in Map.toSeq expected -> x, values.Head ]
                    "rows"))

let private tensorBoard =
    property "TensorBoard shows each record once, whoever was killed" 60 (fun deeds ->
        let deeds =
            deeds
            |> List.filter (function
                | Amend _ -> false
                | _ -> true)

        holds deeds (fun folder -> new TensorBoardRecords(folder)) (fun folder ->
            let points (number: int) =
                [
                    for x, values in Map.toSeq (expected deeds) do
                        if values.Length > number then
                            x, float32 values[number]
                ]

            let wanted =
                Map
                    [
                        for group in groups do
                            for number in 0..2 do
                                if not (points number).IsEmpty then
                                    $"{group}/series '{number}'", points number
                    ]

            Expect.equal (EventReader.shown folder) wanted "points"))

let tests = testList "writers" [ csv; sqlite; tensorBoard ]
