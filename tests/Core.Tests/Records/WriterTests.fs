/// What the writers leave in files, against a model of it, with readers that share no code with them.
module MetricLearning.Core.Tests.Records.WriterTests

open MetricLearning.Core.Tests.Support
open System
open System.Collections.Generic
open System.Globalization
open System.IO
open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning.Core.Records

/// What happens to the records of a run.
type Deed =
    /// An iteration is recorded: both groups at x, with the values of so many series.
    | Append of x: int64 * values: float list
    /// A record is corrected.
    | Amend of x: int64 * value: float
    /// The process is killed: nothing is closed. A new one goes on in the folder.
    | Killed

let private deeds: Deed list Gen =
    let x = Gen.choose (0, 12) |> Gen.map int64
    let value = Gen.elements [ 0.0; 1.5; -1e300; 1.0 / 3.0; infinity; 1e-320 ]

    let deed =
        Gen.frequency
            [
                10,
                Gen.map2
                    (fun x values -> Append(x, values))
                    x
                    (Gen.choose (1, 3) |> Gen.bind (Gen.listOfLength >> (|>) value))
                1, Gen.map2 (fun x value -> Amend(x, value)) x value
                2, Gen.constant Killed
            ]

    Gen.listOf deed

let private groups = [ "loss_histories"; "a group, with a comma" ]

let private record (x: int64) (values: float list) (group: string) : Record =
    values
    |> List.mapi (fun number value -> KeyValuePair($"series '{number}'", value))
    |> Record.ofNumbers group RecordAxis.Iteration x

/// The records of one group that a folder should have.
let private expected (deeds: Deed list) : Map<int64, float list> =
    (Map.empty, deeds)
    ||> List.fold (fun records deed ->
        match deed with
        | Append(x, values) -> records |> Map.filter (fun other _ -> other < x) |> Map.add x values
        | Amend(x, value) -> records |> Map.add x [ value ]
        | Killed -> records)

/// Does the deeds; writers of killed processes stay open, until the end.
let private perform (openWriter: unit -> IRecordWriter) (deeds: Deed list) (check: unit -> unit) : unit =
    let opened = Stack<IRecordWriter>([ openWriter () ])

    try
        for deed in deeds do
            match deed with
            | Append(x, values) -> opened.Peek().Append [| for group in groups -> record x values group |]
            | Amend(x, value) ->
                for group in groups do
                    opened.Peek().Amend(record x [ value ] group)
            | Killed -> opened.Push(openWriter ())

        check ()
    finally
        for writer in opened do
            writer.Dispose()

let private invariant (value: float) =
    value.ToString CultureInfo.InvariantCulture

let private holds (deeds: Deed list) (openWriter: string -> IRecordWriter) (check: string -> unit) =
    Folders.using (fun folder -> perform (fun () -> openWriter folder) deeds (fun () -> check folder))

let private property (name: string) (count: int) (holds: Deed list -> unit) =
    testPropertyWithConfig
        { FsCheckConfig.defaultConfig with
            maxTest = count
        }
        name
        (Prop.forAll (Arb.fromGen deeds) holds)

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

let private version =
    testCase "event files say their version, and every frame has its checksums" (fun () ->
        Folders.using (fun folder ->
            use writer = new TensorBoardRecords(folder) :> IRecordWriter
            writer.Append [| record 7L [ 0.25 ] "g" |]

            let expected =
                [
                    EventReader.Version "brain.Event:2"
                    EventReader.Scalar("g/series '0'", 7L, 0.25f)
                ]

            Expect.equal (EventReader.events folder) expected "events"

            // The reader does look at them.
            let file = Directory.GetFiles(folder)[0]
            let bytes = File.ReadAllBytes file
            bytes[bytes.Length - 6] <- bytes[bytes.Length - 6] ^^^ 1uy
            let broken = Path.Combine(folder, "broken")
            File.WriteAllBytes(broken, bytes)

            Expect.throwsT<InvalidDataException> (fun () -> EventReader.frames broken |> ignore) "a wrong bit"))

let private epochs =
    testCase
        "TensorBoard's records by epoch are a run of their own, which a restart by iteration leaves alone"
        (fun () ->
            Folders.using (fun folder ->
                use writer = new TensorBoardRecords(folder) :> IRecordWriter

                let accuracy =
                    Record.ofNumbers "accuracies" RecordAxis.Epoch 3L [ KeyValuePair("a", 0.5) ]

                writer.Append [| record 100L [ 1.0 ] "loss" |]
                writer.Append [| accuracy |]
                writer.Append [| record 2L [ 2.0 ] "loss" |]
                Expect.equal (EventReader.shown folder) (Map [ "loss/series '0'", [ 2L, 2.0f ] ]) "iterations"

                Expect.equal
                    (EventReader.shown (Path.Combine(folder, "epochs")))
                    (Map [ "accuracies/a", [ 3L, 0.5f ] ])
                    "epochs"))

let private torn =
    testCase "a line that was not finished is removed when the file is opened" (fun () ->
        Folders.using (fun folder ->
            let path = Path.Combine(folder, "g.csv")
            File.WriteAllText(path, "~iteration~,a,b\n0,1,2\n1,3,4\n2,5")
            use writer = new CsvRecords(folder) :> IRecordWriter
            writer.Append [| Record.ofNumbers "g" RecordAxis.Iteration 2L [ KeyValuePair("b", 9.0) ] |]
            Expect.equal (File.ReadAllText path) "~iteration~,a,b\n0,1,2\n1,3,4\n2,,9\n" "the file"))

let private foreign =
    testCase "a file of something else is not touched" (fun () ->
        Folders.using (fun folder ->
            let path = Path.Combine(folder, "g.csv")
            File.WriteAllText(path, "name,age\nAda,36\n")
            use writer = new CsvRecords(folder) :> IRecordWriter

            let append () =
                writer.Append [| record 0L [ 1.0 ] "g" |]

            Expect.throwsT<InvalidDataException> append "refused"
            Expect.equal (File.ReadAllText path) "name,age\nAda,36\n" "the file"

            File.WriteAllText(
                Path.Combine(folder, "logs.db"),
                "no database, but long enough to be taken for one " + String('x', 4096)
            )

            Expect.throwsT<IOException>
                (fun () -> (new SqliteRecords(Path.Combine(folder, "logs.db")) :> IDisposable).Dispose())
                "no database"))

let private dropped =
    testCase "what a database refuses is an IOException, and the next record is written" (fun () ->
        Folders.using (fun folder ->
            let path = Path.Combine(folder, "logs.db")
            use writer = new SqliteRecords(path) :> IRecordWriter
            writer.Append [| record 0L [ 1.0 ] "g" |]
            SqliteShell.query path "DROP TABLE g" |> ignore
            Expect.throwsT<IOException> (fun () -> writer.Append [| record 1L [ 1.0 ] "g" |]) "the table is gone"
            writer.Append [| record 2L [ 1.0 ] "g" |]
            Expect.equal (SqliteShell.query path "SELECT \"~iteration~\" FROM g") [| "2" |] "a new one"))

let private kinds =
    testCase "whole numbers, text, lists and NaN in their columns" (fun () ->
        Folders.using (fun folder ->
            let series =
                [|
                    KeyValuePair("epoch", RecordValue.Whole 3L)
                    KeyValuePair("note", RecordValue.Text "a \"b\",\nc")
                    KeyValuePair("classes", RecordValue.Vector [| 0.5; 1.0 |])
                    KeyValuePair("one", RecordValue.Vector [| 0.25 |])
                    KeyValuePair("missing", RecordValue.Number nan)
                |]

            let record =
                {
                    Group = "g"
                    X = 3L
                    Axis = RecordAxis.Epoch
                    Series = series
                }

            let write (name: string) (saveLists: bool) =
                let folder = Path.Combine(folder, name)
                use keeper = RecordKeeper.InFolder(folder, null, null, null, true, saveLists)
                keeper.Append [ record ]
                folder

            let folder' = write "lists" true
            let lines = File.ReadAllText(Path.Combine(folder', "g.csv"))

            Expect.equal
                lines
                "~iteration~,epoch,note,classes,one,missing\n3,3,\"a \"\"b\"\", c\",\"[0.5, 1]\",0.25,NaN\n"
                "CSV"

            let query =
                "SELECT typeof(epoch), typeof(note), typeof(classes), typeof(one), typeof(missing) FROM g"

            Expect.equal
                (SqliteShell.query (Path.Combine(folder', "logs.db")) query)
                [| "integer|text|text|real|null" |]
                "SQLite"

            let without = File.ReadAllLines(Path.Combine(write "none" false, "g.csv"))
            Expect.equal without[0] "~iteration~,epoch,note,one,missing" "no lists"))

let tests =
    testList "writers" [ csv; sqlite; tensorBoard; version; epochs; torn; foreign; dropped; kinds ]
