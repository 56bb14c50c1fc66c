/// Weights that do not fit a module.
module MetricLearning.Core.Tests.Pretrained.WeightMismatchTests

open System
open System.Collections.Generic
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.PickleWriter
open MetricLearning.Core.Tests.Support.TorchFiles
open MetricLearning.Core.Tests.Support.PretrainedNetworks

let tests =
    testList
        "what does not match"
        [
            testCase "strict: every difference is named, and nothing changes" (fun () ->
                let source =
                    state (trained 5L) |> List.filter (fun (name, _) -> name <> "last.bias")

                let source = ("head.weight", torch.zeros (1L)) :: source

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict source)

                    refuses
                        (network 4L)
                        (fun target -> PretrainedWeights.Load(target, path))
                        [
                            "missing in the file: \"last.bias\""
                            "in the file only: \"head.weight\""
                            "\"first.weight\" is Float32 [5 × 3] in the file, Float32 [4 × 3] in the module"
                            "strict = false"
                        ]))

            testCase "not strict: what fits is loaded, the rest is reported and stays" (fun () ->
                let source = trained 4L
                let target = network 4L
                let before = dict (bits target)

                let tensors =
                    [
                        for name, tensor in state source do
                            if name = "last.weight" then
                                name, torch.zeros (7L, 4L)
                            elif name <> "last.bias" then
                                name, tensor
                        "head.weight", torch.zeros (1L)
                    ]

                withFile ".safetensors" (fun path ->
                    Safetensors.Save(path, [ for name, tensor in tensors -> struct (name, tensor) ], [])
                    let report = PretrainedWeights.Load(target, path, strict = false)
                    Expect.equal report.Matched.Count 7 "matched"
                    Expect.equal (List.ofSeq report.Missing) [ "last.bias" ] "missing"
                    Expect.equal (List.ofSeq report.Unexpected) [ "head.weight" ] "unexpected"

                    Expect.equal
                        [
                            for difference in report.Mismatched -> difference.InFile.Shape, difference.InModule.Shape
                        ]
                        [ [| 7L; 4L |], [| 2L; 4L |] ]
                        "both shapes"

                    Expect.isFalse report.IsComplete "not complete"

                    Expect.equal
                        (string report)
                        "7 tensors loaded; missing in the file: \"last.bias\"; in the file only: \"head.weight\"; not fitting: \"last.weight\" is Float32 [7 × 4] in the file, Float32 [2 × 4] in the module"
                        "in words"

                    let expected = dict (bits source)

                    for name, found in bits target do
                        let wanted =
                            if name.StartsWith("last", StringComparison.Ordinal) then
                                before[name]
                            else
                                expected[name]

                        Expect.equal found wanted name))

            testCase "not strict, and nothing fits: an error all the same" (fun () ->
                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict [ "head.weight", torch.zeros (1L) ])

                    refuses
                        (network 4L)
                        (fun target -> PretrainedWeights.Load(target, path, strict = false))
                        [ "rename" ]))

            testCase "a damaged file changes nothing" (fun () ->
                let source = trained 4L
                let file = saveStateDict (state source)
                let bias = (source.state_dict ())["last.bias"]
                let place = file.AsSpan().LastIndexOf(ReadOnlySpan(bias.bytes.ToArray()))
                file[place] <- file[place] ^^^ 4uy

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, file)
                    let target = network 4L
                    let before = bits target

                    Expect.throwsT<InvalidDataException>
                        (fun () -> PretrainedWeights.Load(target, path) |> ignore)
                        "its checksum"
                    |> ignore

                    Expect.equal (bits target) before "nothing changed"))

            testCase "the count of batches may be missing, as in old files" (fun () ->
                let tensors =
                    state (trained 4L)
                    |> List.filter (fun (name, _) -> name <> "norm.num_batches_tracked")

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict tensors)
                    let report = PretrainedWeights.Load(network 4L, path)
                    Expect.equal (List.ofSeq report.Missing) [ "norm.num_batches_tracked" ] "reported"))

            testCase "other objects beside the weights, when asked for" (fun () ->
                let source = trained 4L
                let storages, tensors = stateDict (state source)

                let arguments =
                    Python.Instance(Python.Global("argparse", "Namespace"), [ "lr", Python.Float 0.1 ])

                let file =
                    save
                        "weights"
                        (Some "little")
                        storages
                        (Python.Dict [ Python.Text "model", tensors; Python.Text "args", arguments ])

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, file)
                    let target = network 4L

                    Expect.throwsC (fun () -> PretrainedWeights.Load(target, path) |> ignore) (fun error ->
                        Expect.equal (error.GetType()) typeof<InvalidDataException> "refused"
                        Expect.stringContains error.Message "\"argparse.Namespace\"" "its name"
                        Expect.stringContains error.Message "ignoreOtherObjects = true" "the way out")

                    let report = PretrainedWeights.Load(target, path, ignoreOtherObjects = true)

                    Expect.equal (List.ofSeq report.Ignored) [ "argparse.Namespace" ] "reported"
                    Expect.equal (bits target) (bits source) "loaded"))
        ]
