/// Weights loaded into modules.
module MetricLearning.Core.Tests.Pretrained.WeightsTests

open MetricLearning.Core.Tests.Support
open System
open System.Collections.Generic
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Trainers
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
                            Weights.save source path

                        let target = network 4L
                        let report = Weights.load options target path
                        Expect.equal (bits target) (bits source) extension

                        Expect.equal
                            (Set.ofSeq report.Matched)
                            (Set.ofList (List.map fst (bits source)))
                            "all matched"

                        Expect.isTrue report.IsComplete "complete"
                        Expect.equal (string report) "9 tensors loaded" "in words"))

            testCase "tensors in memory" (fun () ->
                let source, target = trained 4L, network 4L
                Weights.loadTensors options target (source.state_dict ()) |> ignore
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
                    let report = Weights.load options target path
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
                    refuses options target path [ "\"norm.num_batches_tracked\" is Float32 []"; "Int64 []" ]))

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
                    Weights.load options target path |> ignore
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
                    refuses options target path [ "begin with \"module.\"" ]
                    refuses { options with Strict = false } target path [ "begin with \"module.\"" ]
                    Weights.load { options with StripPrefix = "module." } target path |> ignore
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

                    let report =
                        Weights.load
                            { options with
                                Rename = Func<_, _>(rename)
                            }
                            target
                            path

                    Expect.equal (bits target) (bits source) "loaded"
                    Expect.equal (List.ofSeq report.LeftOut) [ "head.weight" ] "left out"))

            testCase "two tensors of one name" (fun () ->
                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict (state (trained 4L)))

                    refuses
                        { options with
                            Rename = Func<_, _>(fun _ -> "first.bias")
                        }
                        (network 4L)
                        path
                        [ "\"first.weight\" and \"first.bias\""; "both called \"first.bias\"" ]))

            testCase "an entry of a safetensors file" (fun () ->
                withFile ".safetensors" (fun path ->
                    Weights.save (network 4L) path
                    refuses { options with Entry = "model" } (network 4L) path [ "no entries such as \"model\"" ]))
        ]

let private inRuns =
    testList
        "in a run"
        [
            testCase "between iterations: that is where the next step starts" (fun () ->
                let make () = SmallRuns.linear 6L 3L

                let session (trunk: torch.nn.Module) =
                    SmallRuns.session (
                        SmallRuns.ingredientsOf
                            [ Keys.Trunk, trunk ]
                            [ "trunk_optimizer", PureOptimizer.SGD(0.1) ]
                            (SmallRuns.data ())
                    )

                withFile ".safetensors" (fun path ->
                    let source = make ()
                    Weights.save source path
                    let trunk = make ()
                    use first = session trunk
                    use taken = first.Take()
                    SmallRuns.step first
                    let beforeLoading = Snapshot.ofState taken
                    Weights.load options trunk path |> ignore
                    use after = first.Take()
                    Expect.equal (bits trunk) (bits source) "loaded"
                    Expect.equal (Snapshot.ofState taken) beforeLoading "a state of before is as it was"
                    SmallRuns.step first

                    // The same second step of a run that is shown the weights in another way.
                    let other = make ()
                    use second = session other
                    SmallRuns.step second
                    Weights.loadTensors options other (source.state_dict ()) |> ignore
                    SmallRuns.step second
                    Expect.equal (bits trunk) (bits other) "the step after"
                    Expect.notEqual (bits trunk) (bits source) "it moved"))

            testCase "nothing leaks" (fun () ->
                let target = network 4L

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict (state (trained 4L)))

                    let load () =
                        Weights.load options target path |> ignore

                    load ()
                    let before = torch.Tensor.TotalCount
                    load ()

                    (try
                        Weights.load { options with StripPrefix = "norm." } target path |> ignore
                     with :? ArgumentException ->
                         ())

                    Expect.equal torch.Tensor.TotalCount before "as many tensors as before"))

            testCase "a disposed module" (fun () ->
                let target = network 4L
                target.Dispose()

                Expect.throwsT<ObjectDisposedException>
                    (fun () -> Weights.loadTensors options target (Dictionary()) |> ignore)
                    "it says so"
                |> ignore)
        ]

let tests = testList "weights into modules" [ loading; names; inRuns ]
