module MetricLearning.Core.Tests.Files.SafetensorsTests

open System
open System.Collections.Generic
open System.IO
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Places
open MetricLearning.Core.Tests.Data

let private dtypes =
    [
        ScalarType.Float64, "F64"
        ScalarType.Float32, "F32"
        ScalarType.Float16, "F16"
        ScalarType.BFloat16, "BF16"
        ScalarType.Int64, "I64"
        ScalarType.Int32, "I32"
        ScalarType.Int16, "I16"
        ScalarType.Int8, "I8"
        ScalarType.Byte, "U8"
        ScalarType.Bool, "BOOL"
    ]

let private made (dtype: ScalarType) (shape: int64[]) : Tensor =
    (torch.randn (shape, dtype = ScalarType.Float64) * 100.0).``to`` dtype

let private bytesOf (tensor: Tensor) =
    use here = tensor.detach().contiguous()
    if here.numel () = 0L then [||] else here.bytes.ToArray()

let private written isSealed (tensors: (string * Tensor) list) (strings: (string * string) list) : byte[] =
    use stream = new MemoryStream()
    let tensors = [ for name, tensor in tensors -> struct (name, tensor) ]
    let strings = [ for key, text in strings -> KeyValuePair(key, text) ]

    if isSealed then
        Safetensors.WriteSealed(stream, tensors, strings)
    else
        Safetensors.Write(stream, tensors, strings)

    stream.ToArray()

let private opened (file: byte[]) =
    SafetensorsFile.Read(new MemoryStream(file), "the file")

let private shapes = Gen.listOf (Gen.choose (0, 5)) |> Gen.map (List.truncate 4)

let private someTensors =
    Gen.zip (Gen.elements dtypes) shapes
    |> Gen.listOf
    |> Gen.map (List.truncate 12)
    |> Arb.fromGen

let tests =
    testList
        "safetensors"
        [
            testPropertyWithConfig
                { Checked.config with maxTest = 200 }
                "what was written is read, here and by the book"
            <| Prop.forAll someTensors (fun described ->
                use _ = torch.NewDisposeScope()

                let tensors =
                    [
                        for index, ((dtype, _), shape) in Seq.indexed described ->
                            $"layer.{index}.größe", made dtype [| for length in shape -> int64 length |]
                    ]

                let strings = [ "one", "ü\"\\\n"; "another", "" ]

                for isSealed in [ false; true ] do
                    let file = written isSealed tensors strings
                    let foreign, foreignStrings = ForeignReader.read file
                    use own = opened file
                    Expect.equal foreignStrings (Map.ofList strings) "strings, by the book"

                    Expect.equal
                        (Map.ofSeq [ for KeyValue(key, text) in own.Metadata -> key, text ])
                        foreignStrings
                        "strings"

                    Expect.equal foreign.Count (tensors.Length + (if isSealed then 1 else 0)) "tensors"

                    for (name, tensor), ((_, word), _) in List.zip tensors described do
                        let raw = foreign[name]

                        Expect.equal
                            (raw.Dtype, raw.Shape, raw.Bytes)
                            (word, List.ofArray tensor.shape, bytesOf tensor)
                            "by the book"

                        use read = own.Tensor name

                        Expect.equal
                            (read.dtype, read.shape, bytesOf read)
                            (tensor.dtype, tensor.shape, bytesOf tensor)
                            name)

            testCase "any strides, and into views" (fun () ->
                use _ = torch.NewDisposeScope()
                let whole = made ScalarType.Float32 [| 4L; 6L |]
                let part = whole.t().narrow(0L, 1L, 3L)
                use file = opened (written false [ "part", part ] [])
                let target = torch.zeros (5L, 3L, 4L)
                file.CopyTo("part", target[2])
                Expect.equal (bytesOf target[2]) (bytesOf part) "a contiguous view"
                target[2].zero_() |> ignore
                Expect.allEqual (bytesOf target) 0uy "nothing beside it"
                let strided = torch.zeros(4L, 3L).t()
                file.CopyTo("part", strided)
                Expect.equal (bytesOf strided) (bytesOf part) "a view with strides"
                use needsGradient = torch.zeros (3L, 4L, requires_grad = true)
                file.CopyTo("part", needsGradient)
                Expect.equal (bytesOf needsGradient) (bytesOf part) "one that wants a gradient")

            testCase "more elements than a piece" (fun () ->
                use _ = torch.NewDisposeScope()
                let large = torch.arange (((1L <<< 24) + 5L).ToScalar(), dtype = ScalarType.Int32)
                use file = opened (written true [ "large", large ] [])
                file.CheckSeal()
                use read = file.Tensor "large"
                Expect.equal (Snapshot.bitsOf read) (Snapshot.bitsOf large) "its bytes")

            testCase "the same tensors are the same bytes" (fun () ->
                use _ = torch.NewDisposeScope()
                let tensors = [ for dtype, name in dtypes -> name, made dtype [| 3L |] ]

                Expect.equal
                    (written true tensors [ "a", "b"; "c", "d" ])
                    (written true tensors [ "c", "d"; "a", "b" ])
                    "whatever the order of strings")

            testCase "a wrong tensor, a wrong name" (fun () ->
                use _ = torch.NewDisposeScope()
                use file = opened (written false [ "a", torch.zeros (2L, 3L) ] [])

                for name, target, words in
                    [
                        "b", torch.zeros (2L, 3L), "no tensor \"b\""
                        "a", torch.zeros (3L, 2L), "[2 × 3], here it is Float32 of shape [3 × 2]"
                        "a", torch.zeros (2L, 3L, dtype = ScalarType.Float64), "Float64"
                    ] do
                    Expect.throwsC (fun () -> file.CopyTo(name, target)) (fun error ->
                        Expect.stringContains error.Message words "the message"))

            testCase "two tensors of one name, a name that is not one, a dtype without a word" (fun () ->
                use _ = torch.NewDisposeScope()
                let one = torch.zeros 1L

                for tensors in
                    [
                        [ "a", one; "a", one ]
                        [ "__metadata__", one ]
                        [ "sha256", one ]
                        [ "a", torch.zeros (1L, dtype = ScalarType.ComplexFloat32) ]
                    ] do
                    Expect.throwsT<ArgumentException> (fun () -> written true tensors [] |> ignore) $"{tensors}")

            testCase "a byte that is neither true nor false" (fun () ->
                use _ = torch.NewDisposeScope()
                let file = written false [ "a", torch.ones (3L, dtype = ScalarType.Bool) ] []
                file[file.Length - 2] <- 7uy
                use opened = opened file
                Expect.throwsT<InvalidDataException> (fun () -> opened.Tensor("a").Dispose()) "7")

            testCase "every bit of a sealed file counts" (fun () ->
                use _ = torch.NewDisposeScope()

                let file =
                    written
                        true
                        [ "w", made ScalarType.Float32 [| 3L |]; "b", made ScalarType.Bool [| 2L |] ]
                        [ "k", "v" ]

                for bit in 0 .. file.Length * 8 - 1 do
                    let flipped = Array.copy file
                    flipped[bit / 8] <- flipped[bit / 8] ^^^ (1uy <<< bit % 8)

                    Expect.throwsT<InvalidDataException>
                        (fun () ->
                            use opened = opened flipped
                            opened.CheckSeal())
                        $"bit {bit}")

            testCase "a file without a seal is not a sealed one" (fun () ->
                use _ = torch.NewDisposeScope()

                for tensors in
                    [
                        []
                        [ "a", torch.zeros 1L ]
                        [ "sha256", torch.zeros (32L, dtype = ScalarType.Byte) ]
                    ] do
                    use opened = opened (written false tensors [])
                    Expect.throwsT<InvalidDataException> (fun () -> opened.CheckSeal()) $"{tensors}")

            testCase "nothing leaks" (fun () ->
                use tensor = made ScalarType.Float32 [| 5L; 5L |]
                let view = tensor.t ()

                withPath (fun path ->
                    Expectations.leavesNoTensors (fun () ->
                        Safetensors.Save(path, [ struct ("a", view); struct ("b", tensor) ], [])
                        use file = SafetensorsFile.Open path
                        use read = file.Tensor "a"
                        file.CopyTo("b", tensor)
                        file.CopyTo("a", view)
                        Expect.throws (fun () -> file.CopyTo("c", read)) "no c"))

                view.Dispose())
        ]
