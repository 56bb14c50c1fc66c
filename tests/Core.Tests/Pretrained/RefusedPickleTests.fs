/// Files that are not of `torch.save`, or hold what is no tensor.
module MetricLearning.Core.Tests.Pretrained.RefusedPickleTests

open System
open System.IO
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

let tests = testList "refused files of torch.save" [ foreign; broken ]
