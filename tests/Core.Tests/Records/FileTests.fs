/// Files of records: versions, unfinished lines, other files in the way, and every kind of value.
module MetricLearning.Core.Tests.Records.FileTests

open System
open System.Collections.Generic
open System.IO
open Expecto
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RecordDeeds

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
                use keeper = RecordKeeper.InFolder(folder, saveLists = saveLists)
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
    testList "files of records" [ version; epochs; torn; foreign; dropped; kinds ]
