/// TorchScript trunks as modules.
module MetricLearning.Core.Tests.Pretrained.ScriptModuleTests

open System
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.ScriptFiles
open MetricLearning.Core.Tests.Support.Scripts

let private modes =
    testList
        "as a module"
        [
            testCase "modes go through" (fun () ->
                use trunk = trunkOf dropping
                use input = torch.randn (8L, RunParts.features)
                Expect.isTrue trunk.training "as it was saved"
                trunk.eval ()
                Expect.isFalse trunk.training "evaluation"
                let before = bits trunk
                Expect.isTrue ((trunk.call input).Equals(trunk.call input)) "no dropout"
                Expect.equal (bits trunk) before "no statistics"
                trunk.train ()
                Expect.isTrue trunk.training "training"
                Expect.isFalse ((trunk.call input).Equals(trunk.call input)) "dropout"
                let counter = (trunk.state_dict ())["norm.num_batches_tracked"]
                Expect.equal (counter.ToInt64()) 2L "statistics")

            testCase "a script that replaces its counter: the registered one counts" (fun () ->
                use trunk = trunkOf replacing
                use input = torch.randn (8L, RunParts.features)
                let counter = (trunk.state_dict ())["norm.num_batches_tracked"]

                for expected in 1L .. 3L do
                    (trunk.call input).Dispose()
                    Expect.equal (counter.ToInt64()) expected "counted"

                use _ = torch.no_grad ()
                counter.fill_ ((10L).ToScalar()) |> ignore
                (trunk.call input).Dispose()
                Expect.equal (counter.ToInt64()) 11L "from where it was set to")

            testCase "moved: the script gets the new tensors" (fun () ->
                use trunk = trunkOf plain
                use input = torch.randn (8L, RunParts.features)
                trunk.eval ()
                use before = trunk.call input
                let old = Seq.head (trunk.parameters ())
                trunk.``to`` torch.float64 |> ignore
                Expect.isTrue old.IsInvalid "the parameters are others, as in every module"
                use after = trunk.call (input.``double`` ())
                Expect.equal after.dtype torch.ScalarType.Float64 "in float64"
                Expect.isTrue (after.allclose (before.``double`` (), 1e-4, 1e-5)) "the same function"
                trunk.train ()
                (trunk.call (input.``double`` ())).Dispose()
                let counter = (trunk.state_dict ())["norm.num_batches_tracked"]

                Expect.equal
                    (counter.dtype, counter.ToInt64())
                    (torch.ScalarType.Int64, 1L)
                    "counters stay whole numbers"

                use _ = torch.no_grad ()
                let bias = (trunk.state_dict ())["last.bias"]
                bias.fill_ ((100.0).ToScalar()) |> ignore
                use moved = trunk.call (input.``double`` ())
                Expect.isGreaterThan (moved.mean().ToDouble()) 90.0 "what is written into them shows")

            testCase "one tensor under two names is one parameter" (fun () ->
                use trunk = trunkOf { plain with IsTied = true }

                Expect.equal
                    [ for struct (name, _) in trunk.named_parameters () -> name ]
                    [ "first.weight"; "first.bias"; "norm.weight"; "norm.bias" ]
                    "once"

                use session = SmallRuns.session (options trunk)
                steps 2 session
                session.Dispose()
                trunk.``to`` torch.float64 |> ignore
                use input = torch.randn (8L, RunParts.features, dtype = torch.ScalarType.Float64)
                (trunk.call input).Dispose())

            testCase "weights are loaded into it and saved from it" (fun () ->
                use trunk = trunkOf plain
                use other = trunkOf plain
                use session = SmallRuns.session (options trunk)
                steps 2 session
                Expect.notEqual (bits other) (bits trunk) "it moved"

                let path =
                    Path.Combine(Path.GetTempPath(), $"metric-learning-{Guid.NewGuid()}.safetensors")

                try
                    PretrainedWeights.Save(trunk, path)
                    let report = PretrainedWeights.Load(other, path)
                    Expect.isTrue report.IsComplete "all"
                    Expect.equal (bits other) (bits trunk) "the same"
                    other.eval ()
                    trunk.eval ()
                    use input = torch.randn (8L, RunParts.features)
                    Expect.isTrue ((other.call input).Equals(trunk.call input)) "and the same function"
                finally
                    File.Delete path)
        ]

let private mistakes =
    let withFile (content: byte[]) (act: string -> unit) =
        let path = Path.GetTempFileName()

        try
            File.WriteAllBytes(path, content)
            act path
        finally
            File.Delete path

    testList
        "mistakes"
        [
            testCase "a script is loaded from its file" (fun () ->
                withFile (Layers(RunParts.features).Script plain) (fun path ->
                    use trunk = ScriptTrunk.Load path
                    Expect.equal (trunk.state_dict().Count) 9 "tensors"))

            testCase "a state dict or garbage is no script" (fun () ->
                let stateDict = TorchFiles.saveStateDict [ "weight", torch.zeros (1L) ]

                for content in [ stateDict; [||]; Array.create 100 7uy ] do
                    withFile content (fun path ->
                        Expect.throwsC (fun () -> ScriptTrunk.Load path |> ignore) (fun error ->
                            Expect.equal (error.GetType()) typeof<InvalidDataException> $"{error}"
                            Expect.stringContains error.Message path "which file"
                            Expect.isLessThan error.Message.Length 600 "and no stack of libtorch"))

                Expect.throwsT<FileNotFoundException> (fun () -> ScriptTrunk.Load "/nowhere.pt" |> ignore) "none"
                |> ignore)

            testCase "several outputs" (fun () ->
                use trunk =
                    trunkOf
                        { plain with
                            Returned = "(z, y)"
                            Type = "Tuple[Tensor, Tensor]"
                        }

                use input = torch.randn (8L, RunParts.features)

                Expect.throwsC (fun () -> trunk.call input |> ignore) (fun error ->
                    Expect.equal (error.GetType()) typeof<InvalidOperationException> $"{error}"
                    Expect.stringContains error.Message "one tensor" "what is wanted"))
        ]

let tests = testList "TorchScript trunks as modules" [ modes; mistakes ]
