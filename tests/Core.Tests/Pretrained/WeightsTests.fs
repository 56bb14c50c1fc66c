/// Weights loaded into modules.
module MetricLearning.Core.Tests.Pretrained.WeightsTests

open System
open System.Collections.Generic
open System.IO
open System.Threading
open Expecto
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Trainers
open MetricLearning.Core.Tests.Laws
open MetricLearning.Core.Tests.Pretrained.PickleWriter
open MetricLearning.Core.Tests.Pretrained.TorchFiles

let private withFile (extension: string) (act: string -> unit) : unit =
    let folder = Directory.CreateTempSubdirectory("metric-learning-").FullName

    try
        act (Path.Combine(folder, "weights" + extension))
    finally
        Directory.Delete(folder, true)

let private layer name (part: torch.nn.Module<torch.Tensor, torch.Tensor>) = struct (name, part)

let private network (width: int64) =
    torch.nn.Sequential(
        layer "first" (torch.nn.Linear(3L, width)),
        layer "norm" (torch.nn.BatchNorm1d width),
        layer "last" (torch.nn.Linear(width, 2L))
    )

/// A network whose weights and statistics are none that a new one has.
let private trained (width: int64) =
    let made = network width
    use _ = torch.no_grad ()

    for KeyValue(_, tensor) in made.state_dict () do
        use numbers = torch.rand_like (tensor, dtype = torch.ScalarType.Float32)
        tensor.copy_ (numbers * 5) |> ignore

    made

let private bits (target: torch.nn.Module) =
    [
        for KeyValue(name, tensor) in target.state_dict () -> name, Snapshot.bitsOf tensor
    ]

let private state (target: torch.nn.Module) =
    [ for KeyValue(name, tensor) in target.state_dict () -> name, tensor ]

let private renamed (rename: string -> string) (tensors: (string * torch.Tensor) list) =
    [ for name, tensor in tensors -> rename name, tensor ]

let private options = LoadOptions.strict

let private refuses options (target: torch.nn.Module) (path: string) (words: string list) =
    let before = bits target

    Expect.throwsC (fun () -> Weights.load options target path |> ignore) (fun error ->
        Expect.equal (error.GetType()) typeof<ArgumentException> $"{error}"

        for word in words do
            Expect.stringContains error.Message word "the message")

    Expect.equal (bits target) before "nothing changed"

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

let private mismatches =
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
                        options
                        (network 4L)
                        path
                        [
                            "missing in the file: \"last.bias\""
                            "in the file only: \"head.weight\""
                            "\"first.weight\" is Float32 [5 × 3] in the file, Float32 [4 × 3] in the module"
                            "Strict"
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
                    let report = Weights.load { options with Strict = false } target path
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
                    refuses { options with Strict = false } (network 4L) path [ "Rename" ]))

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
                        (fun () -> Weights.load options target path |> ignore)
                        "its checksum"
                    |> ignore

                    Expect.equal (bits target) before "nothing changed"))

            testCase "the count of batches may be missing, as in old files" (fun () ->
                let tensors =
                    state (trained 4L)
                    |> List.filter (fun (name, _) -> name <> "norm.num_batches_tracked")

                withFile ".pth" (fun path ->
                    File.WriteAllBytes(path, saveStateDict tensors)
                    let report = Weights.load options (network 4L) path
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

                    Expect.throwsC (fun () -> Weights.load options target path |> ignore) (fun error ->
                        Expect.equal (error.GetType()) typeof<InvalidDataException> "refused"
                        Expect.stringContains error.Message "\"argparse.Namespace\"" "its name"
                        Expect.stringContains error.Message "IgnoreOtherObjects" "the way out")

                    let report =
                        Weights.load
                            { options with
                                IgnoreOtherObjects = true
                            }
                            target
                            path

                    Expect.equal (List.ofSeq report.Ignored) [ "argparse.Namespace" ] "reported"
                    Expect.equal (bits target) (bits source) "loaded"))
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
                            [ "trunk_optimizer", Optimizer.sgd 0.1 ]
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

let tests = testList "weights into modules" [ loading; mismatches; names; inRuns ]
