/// Checkpoints that were damaged, and disks that are full.
module MetricLearning.Core.Tests.Run.MutationTests

open System
open System.IO
open System.Security.Cryptography
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

/// What is done to a file: 1,000 different things.
let private mutate (number: int) (file: byte[]) : string * byte[] =
    let random = (Seed.derive "mutation" (int64 number) (Seed.ofInt64 5L)).Random()
    // Half of the places in the header, where the structure is.
    let header = 8 + int (BitConverter.ToUInt64(file, 0))

    let place () =
        if random.Next 2 = 0 then
            random.Next(min header file.Length)
        else
            random.Next file.Length

    match number % 10 with
    | 0 ->
        let at = place ()
        let bytes = Array.copy file
        bytes[at] <- bytes[at] ^^^ (1uy <<< random.Next 8)
        $"a bit of byte {at}", bytes
    | 1 ->
        let at = place ()
        let bytes = Array.copy file
        bytes[at] <- byte (random.Next 256)
        $"byte {at}", bytes
    | 2 ->
        let length = random.Next file.Length
        $"cut off at {length}", file[.. length - 1]
    | 3 ->
        let at, count = place (), 1 + random.Next 40
        $"{count} bytes out at {at}", Array.append file[.. at - 1] file[min file.Length (at + count) ..]
    | 4 ->
        let at = place ()
        let added = Array.init (1 + random.Next 40) (fun _ -> byte (random.Next 256))
        $"{added.Length} bytes in at {at}", Array.concat [ file[.. at - 1]; added; file[at..] ]
    | 5 ->
        let at, count = place (), 1 + random.Next 200
        let bytes = Array.copy file
        Array.Clear(bytes, at, min count (file.Length - at))
        $"{count} zeros at {at}", bytes
    | 6 ->
        let one, other, count = place (), place (), 1 + random.Next 64
        let bytes = Array.copy file
        let count = min count (file.Length - max one other)
        Array.Copy(file, one, bytes, other, count)
        Array.Copy(file, other, bytes, one, count)
        $"{count} bytes at {one} and {other} changed places", bytes
    | 7 ->
        let bytes = Array.copy file
        BitConverter.GetBytes(random.NextInt64()).CopyTo(bytes, 0)
        "another header length", bytes
    | 8 ->
        let at = random.Next file.Length
        "its end from its beginning", Array.append file[.. at - 1] file[.. file.Length - at - 1]
    | _ ->
        // A digit of the JSON, where sizes and counts are.
        let digits =
            [|
                for at in 8 .. header - 1 do
                    if Char.IsAsciiDigit(char file[at]) then
                        at
            |]

        let at = digits[random.Next digits.Length]
        let bytes = Array.copy file
        bytes[at] <- byte '0' + byte (random.Next 10)
        $"the digit at {at}", bytes

/// The same with a seal that fits, as somebody would write who means harm.
let private resealed (file: byte[]) : byte[] =
    if file.Length < 40 then
        file
    else
        Array.append file[.. file.Length - 33] (SHA256.HashData(ReadOnlySpan(file, 0, file.Length - 32)))

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
                        let what, bytes = mutate number file

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
                        let what, bytes = mutate number file

                        match attempt prepared (resealed bytes) with
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
