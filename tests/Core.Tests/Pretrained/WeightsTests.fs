/// Weights loaded into modules.
module MetricLearning.Core.Tests.Pretrained.WeightsTests

open System
open System.Collections.Generic
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.PickleWriter
open MetricLearning.Core.Tests.Support.TorchFiles
open MetricLearning.Core.Tests.Support.PretrainedNetworks

let private loading =
    testList
        "what matches"
        [
            testCase "a .pth file and a safetensors file, parameters and buffers" (fun () ->
                let source = trained 4L

                for extension in [ ".pth"; ".safetensors" ] do
                    withFile extension (fun path ->
                        if extension = ".pth" then
                            File.WriteAllBytes(path, saveStateDict (state source))
                        else
                            PretrainedWeights.Save(source, path)

                        let target = network 4L
                        let report = PretrainedWeights.Load(target, path)
                        Expect.equal (bits target) (bits source) extension

                        Expect.equal
                            (Set.ofSeq report.Matched)
                            (Set.ofList (List.map fst (bits source)))
                            "all matched"

                        Expect.isTrue report.IsComplete "complete"
                        Expect.equal (string report) "9 tensors loaded" "in words"))

            testCase "tensors in memory" (fun () ->
                let source, target = trained 4L, network 4L
                PretrainedWeights.Load(target, source.state_dict ()) |> ignore
                Expect.equal (bits target) (bits source) "the same"
                Expect.isFalse (source.state_dict().Values |> Seq.exists _.IsInvalid) "and still there")

            testCase "other dtypes are converted and reported" (fun () ->
                let source, target = trained 4L, network 4L

                let halves =
                    [
                        for name, tensor in state source ->
                            name,
                            (if tensor.is_floating_point () then
                                 tensor.half ()
                             else
                                 tensor.``to`` torch.ScalarType.Int32)
                    ]

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict halves)
                    let report = PretrainedWeights.Load(target, path)
                    Expect.equal report.Converted.Count 9 "all"
                    Expect.equal (string report) "9 tensors loaded (9 converted)" "in words"
                    Expect.equal report.Converted[0].InFile.Dtype torch.ScalarType.Float16 "from"
                    Expect.equal report.Converted[0].InModule.Dtype torch.ScalarType.Float32 "to"

                    for (name, tensor), (_, half) in Seq.zip (state target) halves do
                        Expect.isTrue (tensor.Equals(half.``to`` tensor.dtype)) name))

            testCase "fractions do not become whole numbers" (fun () ->
                let target = network 4L

                let fractions =
                    [
                        for name, tensor in state (trained 4L) -> name, tensor.``to`` torch.ScalarType.Float32
                    ]

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict fractions)

                    refuses
                        target
                        (fun target -> PretrainedWeights.Load(target, path))
                        [ "\"norm.num_batches_tracked\" is Float32 []"; "Int64 []" ]))

            testCase "strided tensors of a file" (fun () ->
                let target = network 4L
                let weight = torch.arange(12, dtype = torch.ScalarType.Float32).reshape(3L, 4L)
                let tensors = state (trained 4L)

                let storages =
                    [ for index, (_, tensor) in List.indexed tensors -> storage index tensor ]

                let value =
                    ordered
                        [
                            for (name, tensor), own in List.zip tensors storages do
                                if name = "first.weight" then
                                    name, rebuilt (storage 0 weight) 0L [ 4L; 3L ] [ 1L; 4L ]
                                else
                                    name, whole tensor own
                        ]
                        None

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, save "weights" None (storage 0 weight :: List.tail storages) value)
                    PretrainedWeights.Load(target, path) |> ignore
                    let loaded = dict (state target)
                    Expect.isTrue (loaded["first.weight"].Equals(weight.t ())) "transposed"))
        ]

let private names =
    testList
        "names"
        [
            testCase "a prefix is stripped; without, the error says which" (fun () ->
                let source, target = trained 4L, network 4L

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict (renamed (fun name -> "module." + name) (state source)))
                    refuses target (fun target -> PretrainedWeights.Load(target, path)) [ "begin with \"module.\"" ]

                    refuses
                        target
                        (fun target -> PretrainedWeights.Load(target, path, strict = false))
                        [ "begin with \"module.\"" ]

                    PretrainedWeights.Load(target, path, stripPrefix = "module.") |> ignore
                    Expect.equal (bits target) (bits source) "loaded"))

            testCase "renamed, and left out by null" (fun () ->
                let source, target = trained 4L, network 4L

                let rename (name: string) : string | null =
                    if name.StartsWith("head.", StringComparison.Ordinal) then
                        null
                    else
                        name.Replace("fc1", "first").Replace("fc2", "last")

                let tensors =
                    renamed (fun name -> name.Replace("first", "fc1").Replace("last", "fc2")) (state source)
                    @ [ "head.weight", torch.zeros (1L) ]

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict tensors)

                    let report = PretrainedWeights.Load(target, path, rename = rename)

                    Expect.equal (bits target) (bits source) "loaded"
                    Expect.equal (List.ofSeq report.LeftOut) [ "head.weight" ] "left out"))

            testCase "two tensors of one name" (fun () ->
                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict (state (trained 4L)))

                    refuses
                        (network 4L)
                        (fun target -> PretrainedWeights.Load(target, path, rename = (fun _ -> "first.bias")))
                        [ "\"first.weight\" and \"first.bias\""; "both called \"first.bias\"" ]))

            testCase "an entry of a safetensors file" (fun () ->
                withFile ".safetensors" (fun path ->
                    PretrainedWeights.Save(network 4L, path)

                    refuses
                        (network 4L)
                        (fun target -> PretrainedWeights.Load(target, path, entry = "model"))
                        [ "no entries such as \"model\"" ]))
        ]

let private inRuns =
    testList
        "in a run"
        [
            testCase "between iterations: that is where the next step starts" (fun () ->
                let make () = SmallRuns.linear 6L 3L

                let session (trunk: torch.nn.Module) =
                    SmallRuns.session (
                        SmallRuns.optionsOf
                            [ Keys.Trunk, trunk ]
                            [ "trunk_optimizer", PureOptimizer.SGD(0.1) ]
                            (SmallRuns.data ())
                    )

                withFile ".safetensors" (fun path ->
                    let source = make ()
                    PretrainedWeights.Save(source, path)
                    let trunk = make ()
                    use first = session trunk
                    use taken = first.Take()
                    SmallRuns.step first
                    let beforeLoading = Snapshot.ofState taken
                    PretrainedWeights.Load(trunk, path) |> ignore
                    use after = first.Take()
                    Expect.equal (bits trunk) (bits source) "loaded"
                    Expect.equal (Snapshot.ofState taken) beforeLoading "a state of before is as it was"
                    SmallRuns.step first

                    // The same second step of a run that is shown the weights in another way.
                    let other = make ()
                    use second = session other
                    SmallRuns.step second
                    PretrainedWeights.Load(other, source.state_dict ()) |> ignore
                    SmallRuns.step second
                    Expect.equal (bits trunk) (bits other) "the step after"
                    Expect.notEqual (bits trunk) (bits source) "it moved"))

            testCase "nothing leaks" (fun () ->
                let target = network 4L

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict (state (trained 4L)))

                    let load () =
                        PretrainedWeights.Load(target, path) |> ignore

                    load ()

                    withoutCollecting (fun () ->
                        let before = torch.Tensor.TotalCount
                        load ()

                        (try
                            PretrainedWeights.Load(target, path, stripPrefix = "norm.") |> ignore
                         with :? ArgumentException ->
                             ())

                        Expect.equal torch.Tensor.TotalCount before "as many tensors as before")))

            testCase "a disposed module" (fun () ->
                let target = network 4L
                target.Dispose()

                Expect.throwsT<ObjectDisposedException>
                    (fun () -> PretrainedWeights.Load(target, Dictionary()) |> ignore)
                    "it says so"
                |> ignore)
        ]

let tests = testList "weights into modules" [ loading; names; inRuns ]
