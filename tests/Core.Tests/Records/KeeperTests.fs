/// Keeping records and asking for them.
module MetricLearning.Core.Tests.Records.KeeperTests

open System
open System.Collections.Generic
open System.IO
open Expecto
open MetricLearning
open MetricLearning.Core.Tests.Support

let private append (keeper: RecordKeeper) (group: string) (x: int64) (value: float) =
    keeper.Append(group, x, [ KeyValuePair("value", value) ])

let private inFolder (folder: string) = RecordKeeper.InFolder folder

let private memory () = new RecordKeeper(Seq.empty)

let private history =
    testList
        "history"
        [
            for name, make in [ "in memory", (fun (_: string) -> memory ()); "in files", inFolder ] do
                testCase name (fun () ->
                    Folders.using (fun folder ->
                        use keeper = make folder
                        keeper.Append("g", 0L, [ KeyValuePair("a", 1.0) ])
                        keeper.Append("g", 5L, [ KeyValuePair("b", 2.0); KeyValuePair("a", 3.0) ])

                        let shown (found: IReadOnlyDictionary<string, IReadOnlyList<float>>) =
                            [
                                for entry in found -> entry.Key, [ for value in entry.Value -> string value ]
                            ]

                        Expect.equal
                            (shown (keeper.History "g"))
                            [ "~iteration~", [ "0"; "5" ]; "a", [ "1"; "3" ]; "b", [ "NaN"; "2" ] ]
                            "all"

                        Expect.equal (shown (keeper.History("g", "b"))) [ "b", [ "NaN"; "2" ] ] "one"
                        Expect.isEmpty (keeper.History "other") "no such group"

                        Expect.throwsT<ArgumentException>
                            (fun () -> keeper.History("g", "c") |> ignore)
                            "no such series"))
        ]

let private again =
    testCase "opening the folder again goes on without duplicates" (fun () ->
        Folders.using (fun folder ->
            let run (first: int64) (last: int64) (offset: float) =
                use keeper = inFolder folder

                for x in first..last do
                    append keeper "loss_histories" x (float x + offset)

            run 0L 9L 0.0
            run 6L 8L 0.5
            use keeper = inFolder folder
            let found = keeper.History("loss_histories", "value")["value"]
            Expect.sequenceEqual found [ 0.0; 1.0; 2.0; 3.0; 4.0; 5.0; 6.5; 7.5; 8.5 ] "each x once"))

let private amended =
    testCase "a corrected record leaves those after it" (fun () ->
        Folders.using (fun folder ->
            use keeper = inFolder folder

            for x in 1L .. 3L do
                append keeper "g" x (float x)

            keeper.Amend(Record.ofNumbers "g" RecordAxis.Epoch 2L [ KeyValuePair("value", 7.0) ])
            Expect.sequenceEqual (keeper.History("g", "value")["value"]) [ 1.0; 7.0; 3.0 ] "values"
            append keeper "g" 4L 4.0

            Expect.sequenceEqual
                (File.ReadAllLines(Path.Combine(folder, "g.csv")))
                [ "~iteration~,value"; "1,1"; "2,7"; "3,3"; "4,4" ]
                "the file"))

let private long = String('x', 40) + "_" + String('y', 40)

let private shortened =
    testCase "long names are shortened, also after opening again, and hash_map.json says what they stand for" (fun () ->
        Folders.using (fun folder ->
            let name = $"first_{long}_last"

            for x in 0L .. 1L do
                use keeper = inFolder folder
                append keeper name x (float x)
                append keeper $"first_{String('x', 64)}_last" x 0.0

            use keeper = inFolder folder
            Expect.sequenceEqual (keeper.History(name, "value")["value"]) [ 0.0; 1.0 ] "by its own name"

            // echo -n … | sha256sum
            let hash =
                Convert.ToHexStringLower(Security.Cryptography.SHA256.HashData(Text.Encoding.UTF8.GetBytes long))

            Expect.isTrue (File.Exists(Path.Combine(folder, $"first_{hash}_last.csv"))) "its file"

            Expect.isTrue
                (File.Exists(Path.Combine(folder, $"first_{String('x', 64)}_last.csv")))
                "64 are not too many"

            Expect.equal
                (File.ReadAllText(Path.Combine(folder, "hash_map.json")))
                $"""{{"first_{hash}_last":"{name}"}}"""
                "the map"))

let private experiments =
    testCase "a global database has every run, by experiment" (fun () ->
        Folders.using (fun folder ->
            let globalPath = Path.Combine(folder, "all.db")

            let run (name: string) (experiment: string) (x: int64) =
                use keeper =
                    RecordKeeper.InFolder(Path.Combine(folder, name), null, globalPath, experiment, true, false)

                append keeper "g" x (float x)

            run "one" "first" 0L
            run "two" "second" 0L
            run "one" "first" 1L
            run "three" "first" 0L

            Expect.equal
                (SqliteShell.query
                    globalPath
                    "SELECT experiment_name, \"~iteration~\" FROM g JOIN experiment_ids e ON e.id = experiment_id ORDER BY e.id, 2")
                [| "first|0"; "first|1"; "second|0"; "first|0" |]
                "rows"

            Expect.equal
                (SqliteShell.query globalPath "SELECT id, experiment_name, has_records FROM experiment_ids ORDER BY 1")
                [| "1|first|1"; "2|second|1"; "3|first|1" |]
                "experiments"

            Expect.throwsT<ArgumentException>
                (fun () -> RecordKeeper.InFolder(folder, null, globalPath, null, true, false).Dispose())
                "no name"))

let private names =
    testList
        "names that cannot be written"
        [
            for what, group, series in
                [
                    "no group", "", [ "a" ]
                    "a line break", "a\nb", [ "a" ]
                    "no series", "g", [ " " ]
                    "a column that is there already", "g", [ "ID" ]
                    "twice", "g", [ "a"; "A" ]
                ] do
                testCase what (fun () ->
                    use keeper = memory ()

                    Expect.throwsT<ArgumentException>
                        (fun () -> keeper.Append(group, 0L, [ for name in series -> KeyValuePair(name, 1.0) ]))
                        "refused")
        ]

/// A writer that fails, as on a full disk.
type private Failing() =
    interface IRecordWriter with
        member _.Append _ =
            raise (IOException "No space left on device")

        member _.Amend _ = ()
        member _.Flush() = ()
        member _.Dispose() = ()

let private failing =
    testCase "a writer's failure is the caller's" (fun () ->
        use keeper = new RecordKeeper([ new Failing() :> IRecordWriter ])
        Expect.throwsT<IOException> (fun () -> append keeper "g" 0L 1.0) "raised")

let private disposed =
    testCase "a keeper that was disposed takes nothing more" (fun () ->
        let keeper = memory ()
        keeper.Dispose()
        keeper.Dispose()
        Expect.throwsT<ObjectDisposedException> (fun () -> append keeper "g" 0L 1.0) "refused")

let tests =
    testList "keeper" [ history; again; amended; shortened; experiments; names; failing; disposed ]
