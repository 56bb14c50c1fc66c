/// Files of `torch.save`, read as data.
module MetricLearning.Core.Tests.Pretrained.PickledTensorsTests

open System
open System.IO
open System.IO.Compression
open System.Text
open Expecto
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Tests.Pretrained.PickleWriter
open MetricLearning.Core.Tests.Pretrained.TorchFiles

let private opened (entry: string | null) (file: byte[]) =
    PickledTensors.Read(new MemoryStream(file), "the file", entry)

/// Every tensor's name, dtype, shape and bytes.
let private contents (entry: string | null) (file: byte[]) =
    use tensors = opened entry file

    [
        for entry in tensors.Entries do
            use tensor = tensors.Tensor entry.Name
            use plain = tensor.contiguous ()
            Expect.equal (tensor.dtype, tensor.shape) (entry.Dtype, entry.Shape) entry.Name
            entry.Name, entry.Dtype, List.ofArray entry.Shape, Convert.ToHexString(plain.bytes.ToArray())
    ]

let private floats (values: float32 list) (shape: int64 list) =
    "FloatArray",
    torch.ScalarType.Float32,
    shape,
    Convert.ToHexString
        [|
            for value in values do
                yield! BitConverter.GetBytes value
        |]

let private named (name: string) (_, dtype, shape, bytes) = name, dtype, shape, bytes

let private refuses (file: byte[]) (words: string list) (what: string) =
    Expect.throwsC (fun () -> contents null file |> ignore) (fun error ->
        Expect.equal (error.GetType()) typeof<InvalidDataException> $"{what}: {error}"
        Expect.stringStarts error.Message "the file" what

        for word in words do
            Expect.stringContains error.Message word what)

let private six = torch.arange (6, dtype = torch.ScalarType.Float32)
let private storageOf (tensor: torch.Tensor) = storage 0 tensor

let private saved (value: Python) =
    save "weights" (Some "little") [ storageOf six ] value

/// A state dict of one tensor of the six numbers.
let private oneTensor (offset: int64) (shape: int64 list) (strides: int64 list) =
    saved (ordered [ "weight", rebuilt (storageOf six) offset shape strides ] None)

let private dtypes =
    [
        torch.ScalarType.Float32
        torch.ScalarType.Float64
        torch.ScalarType.Float16
        torch.ScalarType.BFloat16
        torch.ScalarType.Int64
        torch.ScalarType.Int32
        torch.ScalarType.Int16
        torch.ScalarType.Int8
        torch.ScalarType.Byte
        torch.ScalarType.Bool
    ]

let private reading =
    testList
        "what is read"
        [
            testCase "every dtype, in both byte orders, to the bit" (fun () ->
                for dtype in dtypes do
                    use numbers = torch.arange(-3, 9).reshape(3L, 4L).``to`` dtype
                    let file = saveStateDict [ "weight", numbers ]

                    let expected =
                        [ "weight", dtype, [ 3L; 4L ], Convert.ToHexString(numbers.bytes.ToArray()) ]

                    Expect.equal (contents null file) expected $"{dtype}"

                    let size = int (numbers.element_size ())
                    let own = storage 0 numbers

                    let reversed =
                        { own with
                            Bytes = own.Bytes |> Array.chunkBySize size |> Array.collect Array.rev
                        }

                    let big =
                        save "weights" (Some "big") [ reversed ] (ordered [ "weight", whole numbers reversed ] None)

                    Expect.equal (contents null big) expected $"{dtype}, big end first")

            testCase "strides, offsets, expanded and empty tensors, scalars" (fun () ->
                let check offset shape strides values =
                    Expect.equal
                        (contents null (oneTensor offset shape strides))
                        [ named "weight" (floats values shape) ]
                        $"{offset} {shape} {strides}"

                check 0L [ 2L; 3L ] [ 3L; 1L ] [ 0f; 1f; 2f; 3f; 4f; 5f ]
                check 0L [ 3L; 2L ] [ 1L; 3L ] [ 0f; 3f; 1f; 4f; 2f; 5f ]
                check 4L [ 2L ] [ 1L ] [ 4f; 5f ]
                check 5L [] [] [ 5f ]
                check 1L [ 2L; 2L ] [ 0L; 2L ] [ 1f; 3f; 1f; 3f ]
                check 0L [ 0L; 4L ] [ 4L; 1L ] []
                check 6L [ 0L ] [ 1L ] [])

            testCase "tensors that share a storage, parameters, the same tensor twice" (fun () ->
                let tensor = rebuilt (storageOf six) 0L [ 6L ] [ 1L ]

                let file =
                    saved (
                        ordered
                            [
                                "whole", parameter tensor
                                "half", rebuilt (storageOf six) 3L [ 3L ] [ 1L ]
                                "again", tensor
                            ]
                            None
                    )

                Expect.equal
                    (contents null file)
                    [
                        named "whole" (floats [ 0f; 1f; 2f; 3f; 4f; 5f ] [ 6L ])
                        named "half" (floats [ 3f; 4f; 5f ] [ 3L ])
                        named "again" (floats [ 0f; 1f; 2f; 3f; 4f; 5f ] [ 6L ])
                    ]
                    "all three")

            testCase "files without a byte order (before PyTorch 2.1) and with a module's metadata" (fun () ->
                let metadata =
                    Python.Reduced(
                        Python.Global("collections", "OrderedDict"),
                        Python.Tuple [],
                        [ Python.Text "", Python.Dict [ Python.Text "version", Python.Int 1L ] ],
                        None
                    )

                let value = ordered [ "weight", whole six (storageOf six) ] (Some metadata)

                Expect.equal
                    (contents null (save "archive" None [ storageOf six ] value))
                    [ named "weight" (floats [ 0f; 1f; 2f; 3f; 4f; 5f ] [ 6L ]) ]
                    "the tensor")

            testCase "pickles of CPython itself, protocols 2, 4 and 5" (fun () ->
                let file (pickle: byte[]) =
                    TorchArchive.write
                        "checkpoint"
                        [
                            "data.pkl", pickle
                            "byteorder", Encoding.ASCII.GetBytes "little"
                            "data/0", six.bytes.ToArray()
                            "data/1", Array.append (BitConverter.GetBytes 7f) (BitConverter.GetBytes 8f)
                            "data/2", BitConverter.GetBytes 9L
                        ]

                let expected =
                    [
                        named "0.weight" (floats [ 0f; 1f; 2f; 3f; 4f; 5f ] [ 2L; 3L ])
                        named "0.bias" (floats [ 7f; 8f ] [ 2L ])
                        "1.count", torch.ScalarType.Int64, [], "0900000000000000"
                    ]

                for pickle in [ PythonPickles.protocol2; PythonPickles.protocol4; PythonPickles.protocol5 ] do
                    Expect.equal (contents null (file pickle)) expected "the tensors"
                    Expect.equal (contents "state_dict" (file pickle)) expected "by its name")

            testCase "our writer of pickles is CPython's" (fun () ->
                let tensor kind key count shape strides =
                    rebuilt
                        {
                            Kind = kind
                            Key = key
                            Count = count
                            Bytes = [||]
                        }
                        0L
                        shape
                        strides

                let items =
                    [
                        "epoch", Python.Int 3L
                        "loss", Python.Float 0.5
                        "big", Python.Int 70000L
                        "neg", Python.Int -5L
                        "long", Python.Int(1L <<< 40)
                        "names", Python.List [ Python.Text "a"; Python.Text "b" ]
                        "none", Python.None
                        "flags", Python.Tuple [ Python.Bool true; Python.Bool false ]
                        "state_dict",
                        ordered
                            [
                                "0.weight", tensor "FloatStorage" "0" 6L [ 2L; 3L ] [ 3L; 1L ]
                                "0.bias", tensor "FloatStorage" "1" 2L [ 2L ] [ 1L ]
                                "1.count", tensor "LongStorage" "2" 1L [] []
                            ]
                            None
                    ]

                Expect.equal
                    (Convert.ToHexString(write (Python.Dict [ for name, value in items -> Python.Text name, value ])))
                    (Convert.ToHexString PythonPickles.protocol2)
                    "opcode for opcode")
        ]

let private tensorNamed name =
    Python.Text name, rebuilt (storageOf six) 0L [ 6L ] [ 1L ]

let private dictOf (items: (string * Python) list) =
    Python.Dict [ for name, value in items -> Python.Text name, value ]

let private choosing =
    testList
        "which state dict"
        [
            testCase "the only one, wherever it is" (fun () ->
                let inner =
                    dictOf [ "model", Python.Dict [ tensorNamed "weight" ]; "epoch", Python.Int 3L ]

                Expect.equal
                    (contents null (saved inner) |> List.map (fun (name, _, _, _) -> name))
                    [ "weight" ]
                    "found")

            testCase "of several, by its keys; without, they are named" (fun () ->
                let file =
                    saved (
                        dictOf
                            [
                                "student", Python.Dict [ tensorNamed "weight" ]
                                "best", dictOf [ "model", Python.Dict [ tensorNamed "bias" ] ]
                            ]
                    )

                let names entry =
                    contents entry file |> List.map (fun (name, _, _, _) -> name)

                Expect.equal (names "student") [ "weight" ] "one"
                Expect.equal (names "best/model") [ "bias" ] "the other"
                refuses file [ "several state dicts"; "\"student\""; "\"best/model\"" ] "the choice is open"

                Expect.throwsC (fun () -> names "teacher" |> ignore) (fun error ->
                    Expect.stringContains error.Message "no entry \"teacher\"" "which"
                    Expect.stringContains error.Message "\"student\", \"best/model\"" "what there is"))

            testCase "a dictionary that holds itself" (fun () ->
                // {'self': <itself>, 'deep': {'deep': …}} by opcodes: the dictionary is memoized before it is filled.
                let cyclic =
                    Python.Raw(
                        Array.concat [ "}q\001X\004\000\000\000self"B; "h\001sX\003\000\000\000two"B; "h\001s"B ]
                    )

                refuses (saved cyclic) [ "no tensors by name" ] "it ends")
        ]

let private foreign =
    testList
        "what is no tensor"
        [
            testCase "a call of os.system is neither made nor needed" (fun () ->
                let path = Path.Combine(Path.GetTempPath(), $"metric-learning-{Guid.NewGuid()}")

                let call =
                    Python.Reduced(
                        Python.Global("os", "system"),
                        Python.Tuple [ Python.Text $"touch {path}" ],
                        [],
                        None
                    )

                let file =
                    saved (dictOf [ "model", Python.Dict [ tensorNamed "weight" ]; "args", call ])

                use tensors = opened null file
                Expect.equal (List.ofSeq tensors.Foreign) [ "os.system" ] "it is named"
                Expect.isFalse (File.Exists path) "nothing ran"
                refuses (saved call) [ "os.system"; "state_dict()" ] "as the whole content"

                refuses (saved (ordered [ "weight", call ] None)) [ "no tensors" ] "in the place of the only tensor"

                refuses
                    (saved (ordered [ "weight", rebuilt (storageOf six) 0L [ 6L ] [ 1L ]; "bias", call ] None))
                    [ "\"bias\""; "\"os.system\"" ]
                    "in the place of a tensor")

            testCase "a whole module, one tensor, a list" (fun () ->
                refuses
                    (saved (
                        Python.Instance(
                            Python.Global("torchvision.models.resnet", "ResNet"),
                            [ "training", Python.None ]
                        )
                    ))
                    [
                        "\"torchvision.models.resnet.ResNet\""
                        "torch.save(model.state_dict(), path)"
                    ]
                    "a module"

                refuses (saved (rebuilt (storageOf six) 0L [ 6L ] [ 1L ])) [ "one tensor without a name" ] "a tensor"
                refuses (saved (Python.List [ Python.Int 1L ])) [ "no dictionary of tensors" ] "a list")

            testCase "other functions that make tensors are named" (fun () ->
                let quantized =
                    Python.Reduced(Python.Global("torch._utils", "_rebuild_qtensor"), Python.Tuple [], [], None)

                refuses
                    (saved (ordered [ "weight", rebuilt (storageOf six) 0L [ 6L ] [ 1L ]; "scales", quantized ] None))
                    [ "\"scales\""; "torch._utils._rebuild_qtensor" ]
                    "quantized"

                refuses
                    (saved (
                        ordered
                            [
                                "weight",
                                rebuilt
                                    { storageOf six with
                                        Kind = "ComplexFloatStorage"
                                    }
                                    0L
                                    [ 6L ]
                                    [ 1L ]
                            ]
                            None
                    ))
                    [ "torch.ComplexFloatStorage"; "FloatStorage" ]
                    "complex numbers")
        ]

let private rezipped (level: CompressionLevel) (file: byte[]) =
    use archive = new ZipArchive(new MemoryStream(file), ZipArchiveMode.Read)
    use output = new MemoryStream()

    do
        use copy = new ZipArchive(output, ZipArchiveMode.Create, true)

        for entry in archive.Entries do
            use target = copy.CreateEntry(entry.FullName, level).Open()
            use source = entry.Open()
            source.CopyTo target

    output.ToArray()

let private broken =
    testList
        "what is broken"
        [
            testCase "tensors that reach out of their storage" (fun () ->
                for offset, shape, strides in
                    [
                        1L, [ 6L ], [ 1L ]
                        0L, [ 7L ], [ 1L ]
                        0L, [ 2L; 3L ], [ 4L; 1L ]
                        6L, [], []
                        7L, [ 0L ], [ 1L ]
                        0L, [ Int64.MaxValue; 2L ], [ Int64.MaxValue; 1L ]
                        0L, [ 1L <<< 40; 1L <<< 40 ], [ 0L; 0L ]
                        Int64.MaxValue, [ 2L ], [ 1L ]
                    ] do
                    refuses
                        (oneTensor offset shape strides)
                        [ "reaches out of its storage" ]
                        $"{offset} {shape} {strides}"

                refuses (oneTensor 0L [ -1L ] [ 1L ]) [ "no counts" ] "a negative length"
                refuses (oneTensor 0L [ 2L ] [ -1L ]) [ "no counts" ] "a negative stride"
                refuses (oneTensor 0L [ 2L ] [ 1L; 1L ]) [ "other arguments" ] "more strides than lengths"

                refuses
                    (oneTensor 0L (List.replicate 65 1L) (List.replicate 65 1L))
                    [ "other arguments" ]
                    "65 dimensions")

            testCase "storages that are not there or of another size" (fun () ->
                let value = ordered [ "weight", rebuilt (storageOf six) 0L [ 6L ] [ 1L ] ] None
                refuses (save "weights" None [] value) [ "no record \"data/0\"" ] "missing"

                refuses
                    (save
                        "weights"
                        None
                        [
                            { storageOf six with
                                Bytes = Array.zeroCreate 20
                            }
                        ]
                        value)
                    [ "\"data/0\" has 20 bytes"; "have 24" ]
                    "short"

                let twice =
                    ordered
                        [
                            "weight", rebuilt (storageOf six) 0L [ 6L ] [ 1L ]
                            "bias",
                            rebuilt
                                { storageOf six with
                                    Kind = "IntStorage"
                                }
                                0L
                                [ 6L ]
                                [ 1L ]
                        ]
                        None

                refuses (saved twice) [ "\"0\" in two ways" ] "described twice"

                refuses
                    (save
                        "weights"
                        None
                        [
                            { storageOf six with
                                Kind = "BoolStorage"
                                Count = 24L
                                Bytes = Array.create 24 2uy
                            }
                        ]
                        (ordered
                            [
                                "weight",
                                rebuilt
                                    { storageOf six with
                                        Kind = "BoolStorage"
                                        Count = 24L
                                    }
                                    0L
                                    [ 24L ]
                                    [ 1L ]
                            ]
                            None))
                    [ "neither 0 nor 1" ]
                    "no bool")

            testCase "a flipped bit in the weights" (fun () ->
                let file = saveStateDict [ "weight", six ]
                let place = file.AsSpan().IndexOf(ReadOnlySpan(six.bytes.ToArray()))
                Expect.isGreaterThan place 0 "the weights lie there as they are"
                file[place + 5] <- file[place + 5] ^^^ 1uy
                refuses file [ "checksum" ] "found")

            testCase "compressed records, as no torch.save writes them" (fun () ->
                use zeros = torch.zeros (100000L, dtype = torch.ScalarType.Float32)
                let file = saveStateDict [ "weight", zeros ]

                Expect.equal
                    (contents null (rezipped CompressionLevel.NoCompression file))
                    (contents null file)
                    "stored"

                refuses (rezipped CompressionLevel.Optimal file) [ "compressed" ] "deflated")

            testCase "other formats" (fun () ->
                // How torch.save began before 1.6: the pickle of a magic number.
                let legacy = Convert.FromHexString "80028a0a6cfc9c46f9206aa850192e8002"
                refuses legacy [ "before PyTorch 1.6"; "torch.save(torch.load(path" ] "legacy"
                refuses [||] [ "no zip archive" ] "empty"
                refuses (Encoding.UTF8.GetBytes "<html>404</html>") [ "no zip archive" ] "a page"
                refuses (TorchArchive.write "weights" [ "version", [| 51uy |] ]) [ "no data.pkl" ] "another archive"

                refuses
                    (TorchArchive.write "weights" [ "data.pkl", write (ordered [] None); "code/__torch__.py", [||] ])
                    [ "TorchScript"; "ScriptTrunk" ]
                    "a script"

                refuses
                    (save "weights" (Some "middle") [] (ordered [] None))
                    [ "byte order \"middle\"" ]
                    "a byte order"

                refuses
                    (TorchArchive.write "w" [ "data.pkl", [| 0x80uy; 2uy; byte 'i' |] ])
                    [ "opcode 0x69" ]
                    "an opcode")

            testCase "a missing file" (fun () ->
                Expect.throwsT<FileNotFoundException>
                    (fun () -> PickledTensors.Open("/nowhere.pth", null) |> ignore)
                    "as such"
                |> ignore)
        ]

let tests = testList "files of torch.save" [ reading; choosing; foreign; broken ]
