/// Files of `torch.save` that were changed, by accident or on purpose.
module MetricLearning.Core.Tests.Pretrained.PickleMutationTests

open System
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.PickleWriter
open MetricLearning.Core.Tests.Support.TorchFiles

let private weight =
    torch.arange(12, dtype = torch.ScalarType.Float32).reshape(3L, 4L)

let private bias = torch.arange (3, dtype = torch.ScalarType.Float64)

let private state =
    let storages, tensors = stateDict [ "weight", weight; "bias", bias ]

    let options =
        Python.Dict
            [
                Python.Text "lr", Python.Float 0.1
                Python.Text "steps", Python.List [ Python.Int 1L; Python.Int 300L ]
            ]

    storages, Python.Dict [ Python.Text "state_dict", tensors; Python.Text "options", options ]

/// Everything of the file as it is read; what it raises otherwise.
let private attempt (file: byte[]) : Result<(string * string) list, exn> =
    try
        use opened = PickledTensors.Read(new MemoryStream(file), "the file", null)

        Ok
            [
                for entry in opened.Entries do
                    use tensor = opened.Tensor entry.Name
                    // An expanded tensor may have many elements and little memory.
                    if tensor.numel () < 1_000_000L then
                        use plain = tensor.contiguous ()
                        entry.Name, Convert.ToHexString(plain.bytes.ToArray())
            ]
    with error ->
        Error error

/// Refused with a clear error, or read; in either case with little memory.
let private check (what: string) (file: byte[]) : bool =
    let before = GC.GetAllocatedBytesForCurrentThread()
    let result = attempt file
    let allocated = GC.GetAllocatedBytesForCurrentThread() - before
    Expect.isLessThan allocated 4_000_000L $"{what}: memory"

    match result with
    | Ok _ -> true
    | Error error ->
        Expect.equal (error.GetType()) typeof<InvalidDataException> $"{what}: {error}"
        Expect.stringStarts error.Message "the file is no file of torch.save" what
        false

let private count (wanted: bool) (results: bool seq) =
    results |> Seq.filter ((=) wanted) |> Seq.length

let tests =
    testList
        "changed files of torch.save"
        [
            testCase "1,000 mutations of the file: refused clearly, or the same tensors" (fun () ->
                let storages, value = state
                let file = save "weights" (Some "little") storages value
                let expected = attempt file

                let refused =
                    [
                        for number in 0..999 do
                            let what, changed = Mutations.ofPickle number file
                            let read = check $"{number}, {what}" changed

                            if read then
                                match attempt changed, expected with
                                | Ok found, Ok expected ->
                                    // The pickle's own checksum is not zeroed by one mutation: only padding and times may differ.
                                    Expect.equal found expected $"{number}, {what}"
                                | _ -> failtest what

                            read
                    ]
                    |> count false

                Expect.isGreaterThan refused 500 "most change something")

            testCase "2,000 mutations of the pickle, with checksums that fit: refused clearly, or read" (fun () ->
                let storages, value = state
                let pickle = write value

                let read =
                    [
                        for number in 0..1999 do
                            let what, changed = Mutations.ofPickle number pickle

                            TorchArchive.write
                                "weights"
                                [
                                    "data.pkl", changed
                                    for storage in storages do
                                        $"data/{storage.Key}", storage.Bytes
                                ]
                            |> check $"{number}, {what}"
                    ]

                Expect.isGreaterThan (count false read) 500 "many break the structure"
                Expect.isGreaterThan (count true read) 100 "many do not")

            testCase "a pickle that asks for much gets little" (fun () ->
                let attempt (name: string) (pickle: byte[]) =
                    TorchArchive.write "weights" [ "data.pkl", Array.append pickle [| byte '.' |] ]
                    |> check name
                    |> ignore

                // A text of 4 GB, a long number of 2 GB, a memo far away, deep nesting, references that double 60 times.
                attempt "text" [| byte 'X'; 255uy; 255uy; 255uy; 255uy |]
                attempt "bytes" [| 0x8euy; 255uy; 255uy; 255uy; 255uy; 255uy; 255uy; 255uy; 127uy |]
                attempt "number" [| 0x8buy; 255uy; 255uy; 255uy; 127uy |]
                attempt "memo" [| byte 'N'; byte 'r'; 255uy; 255uy; 255uy; 255uy |]
                attempt "nested" (Array.append (Array.create 20000 (byte ']')) (Array.create 19999 (byte 'a')))

                let doubled =
                    [|
                        byte ']'
                        byte 'q'
                        0uy
                        for level in 1uy .. 60uy do
                            yield!
                                [|
                                    byte ']'
                                    byte 'q'
                                    level
                                    byte '('
                                    byte 'h'
                                    level - 1uy
                                    byte 'h'
                                    level - 1uy
                                    byte 'e'
                                |]
                    |]

                attempt "doubled" doubled)
        ]
