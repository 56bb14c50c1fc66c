/// Checkpoints that were damaged, and disks that are full.
module MetricLearning.Core.Tests.Run.MutationTests

open System
open System.IO
open System.Threading
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Places

let private settings =
    { Settings.rich with
        Schedule = ScheduleSetting.All
    }

let private prepared () =
    Subject.prepare Subject.metricLossOnly settings

/// Loads the file with machines that are there already; what came of it.
let private attempt (prepared: Run) (file: byte[]) : Result<Snapshot, exn> =
    try
        use opened = SafetensorsFile.Read(new MemoryStream(file), "the file")
        use state = Checkpoint.readFrom prepared.Recipe prepared.Handles "the file" opened
        Ok(Snapshot.ofState state)
    with error ->
        Error error

let private withFile (act: Run -> TrainingState -> byte[] -> unit) =
    let prepared = prepared ()
    use session = Session.Start prepared

    for _ in 1..3 do
        session.Step CancellationToken.None |> Seq.iter ignore

    use state = session.Take()
    use stream = new MemoryStream()
    Checkpoint.write prepared.Recipe prepared.Handles state stream
    act prepared state (stream.ToArray())

let tests =
    testList
        "damaged checkpoints"
        [
            testCase "1,000 mutations and truncations: refused clearly, or loaded identically" (fun () ->
                withFile (fun prepared state file ->
                    let expected = Snapshot.ofState state
                    let mutable refused = 0

                    for number in 0..999 do
                        let what, bytes = Mutations.ofSafetensors number file

                        match attempt prepared bytes with
                        | Ok found ->
                            Expect.equal bytes file $"{number}, {what}: loaded though it is another file"
                            Expect.equal found expected $"{number}, {what}: loaded"
                        | Error error ->
                            Expect.equal
                                (error.GetType())
                                typeof<InvalidDataException>
                                $"{number}, {what}: {error.Message}"

                            Expect.stringStarts error.Message "the file" $"{number}, {what}"
                            refused <- refused + 1

                    Expect.isGreaterThan refused 950 "most mutations change something"))

            testCase "1,000 more that bring a seal that fits: refused clearly, or a state" (fun () ->
                withFile (fun prepared _ file ->
                    let mutable refused = 0

                    for number in 0..999 do
                        let what, bytes = Mutations.ofSafetensors number file

                        match attempt prepared (Mutations.withSeal bytes) with
                        | Ok _ -> ()
                        | Error error ->
                            Expect.isTrue
                                (error :? InvalidDataException || error :? ArgumentException)
                                $"{number}, {what}: {error}"

                            refused <- refused + 1

                    Expect.isGreaterThan refused 400 "what breaks the structure"))

            testCase "the file itself is loaded" (fun () ->
                withFile (fun prepared state file ->
                    match attempt prepared file with
                    | Ok found -> Expect.equal found (Snapshot.ofState state) "the state"
                    | Error error -> failtest error.Message))

            testCase "a disk that is full at any byte leaves the checkpoint before" (fun () ->
                withFile (fun prepared state file ->
                    withPath (fun path ->
                        let length = int64 file.Length
                        let header = 8L + int64 (BitConverter.ToUInt64(file, 0))

                        let places =
                            [
                                yield! [ 0L; 1L; 7L; 8L; 9L; header - 1L; header; header + 1L ]
                                yield! [ for part in 0L .. 50L -> header + part * (length - header) / 51L ]
                                yield! [ length - 33L; length - 32L; length - 1L ]
                            ]

                        File.WriteAllBytes(path, file)

                        for place in List.distinct places do
                            Expect.throwsC
                                (fun () ->
                                    DurableFile.Write(
                                        path,
                                        fun stream ->
                                            use full = new FailingStream(stream, place)
                                            Checkpoint.write prepared.Recipe prepared.Handles state full
                                    ))
                                (fun error ->
                                    Expect.equal error.Message "No space left on device" $"after {place} bytes")

                            Expect.equal (File.ReadAllBytes path) file $"after {place} bytes: the file before"

                            Expect.equal
                                (Directory.GetFiles(Path.GetDirectoryName path |> nonNull))
                                [| path |]
                                "no other file")))
        ]
