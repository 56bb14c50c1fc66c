/// Files of `torch.save`, read as data.
module MetricLearning.Core.Tests.Pretrained.PickledTensorsTests

open System
open System.IO.Compression
open System.Text
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.PickleWriter
open MetricLearning.Core.Tests.Support.TorchFiles
open MetricLearning.Core.Tests.Support.PickledFiles

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

let tests = testList "files of torch.save" [ reading; choosing ]
