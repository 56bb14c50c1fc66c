/// TorchScript trunks.
module MetricLearning.Core.Tests.Pretrained.ScriptTrunkTests

open System
open System.IO
open System.Threading
open Expecto
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Trainers
open MetricLearning.Core.Tests.Laws
open MetricLearning.Core.Tests.Pretrained.ScriptFiles

/// The layers of the script as TorchSharp's own modules, all weights from a seed.
type private Layers(width: int64) =
    let random = new torch.Generator(uint64 width)

    let linear (inputs: int64) (outputs: int64) =
        let layer = torch.nn.Linear(inputs, outputs)
        use _ = torch.no_grad ()

        layer.weight.copy_ (torch.randn ([| outputs; inputs |], generator = random) * 0.4)
        |> ignore

        (nonNull layer.bias).copy_(torch.randn ([| outputs |], generator = random))
        |> ignore

        layer

    let first = linear Parts.features width
    let norm = torch.nn.BatchNorm1d width
    let last = linear width Parts.features

    member _.Script(setting: ScriptSetting) : byte[] = save setting first norm last

    member _.Network(dropout: float) =
        torch.nn.Sequential(
            SmallRuns.layer "first" first,
            SmallRuns.layer "norm" norm,
            SmallRuns.layer "relu" (torch.nn.ReLU()),
            SmallRuns.layer "dropout" (torch.nn.Dropout dropout),
            SmallRuns.layer "last" last
        )

let private trunkOf (setting: ScriptSetting) =
    new ScriptTrunk(torch.jit.load<torch.Tensor, torch.Tensor>(Layers(Parts.features).Script setting))

let private dropping = { plain with Dropout = 0.25 }

let private ingredients (trunk: torch.nn.Module) =
    { SmallRuns.ingredientsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", Optimizer.adam 0.01 ] (SmallRuns.data ()) with
        Seed = Some 9L
    }

let private steps (count: int) (session: Session) =
    for _ in 1..count do
        SmallRuns.step session

let private bits (target: torch.nn.Module) =
    [
        for struct (name, parameter) in target.named_parameters () do
            name, Snapshot.bitsOf parameter
        for struct (name, buffer) in target.named_buffers () do
            name, Snapshot.bitsOf buffer
    ]
    |> List.sort

let private training =
    testList
        "trained"
        [
            testCase "its parameters and buffers by their names in Python" (fun () ->
                use trunk = trunkOf plain

                Expect.equal
                    [
                        for struct (name, parameter) in trunk.named_parameters () -> name, parameter.requires_grad
                    ]
                    [
                        "first.weight", true
                        "first.bias", true
                        "norm.weight", true
                        "norm.bias", true
                        "last.weight", true
                        "last.bias", true
                    ]
                    "parameters"

                Expect.equal
                    [ for struct (name, _) in trunk.named_buffers () -> name ]
                    [ "norm.running_mean"; "norm.running_var"; "norm.num_batches_tracked" ]
                    "buffers"

                Expect.equal (trunk.state_dict().Count) 9 "the state dict")

            testCase "the same bits as the same layers of TorchSharp, dropout and batch norm included" (fun () ->
                Expect.isTrue TorchScript.isExact "libtorch's switch was found"

                for setting in [ dropping; { replacing with Dropout = 0.25 } ] do
                    use trunk = trunkOf setting
                    let plain = Layers(Parts.features).Network setting.Dropout
                    use scripted = SmallRuns.session (ingredients trunk)
                    use own = SmallRuns.session (ingredients plain)
                    let before = bits trunk
                    Expect.equal before (bits plain) "the same start"
                    steps 7 scripted
                    steps 7 own
                    Expect.equal (bits trunk) (bits plain) "the same weights and statistics"

                    for (name, was), (_, now) in Seq.zip before (bits trunk) do
                        Expect.notEqual now was $"{name} moved")

            testCase "law 1: a state stepped again gives the same bits, however often the script ran" (fun () ->
                use trunk = trunkOf dropping
                let prepared = Setup.prepare MetricLossOnly.recipe (ingredients trunk)
                let step = Iteration.step prepared.Recipe prepared.Handles
                use first = step prepared.State
                use second = step first
                use third = step second
                use again = step prepared.State
                use secondAgain = step again
                Expect.equal (Snapshot.ofState again) (Snapshot.ofState first) "the first step"
                Expect.equal (Snapshot.ofState secondAgain) (Snapshot.ofState second) "the second step"
                Expect.notEqual (Snapshot.ofState third) (Snapshot.ofState second) "they differ")

            testCase "law 3: another script goes on from a checkpoint" (fun () ->
                for setting in [ dropping; replacing ] do
                    use whole = SmallRuns.session (ingredients (trunkOf setting))
                    steps 6 whole
                    use memory = new MemoryStream()

                    (use half = SmallRuns.session (ingredients (trunkOf setting))
                     steps 3 half
                     use state = half.Take()
                     let prepared = Setup.prepare MetricLossOnly.recipe (ingredients (trunkOf setting))
                     Checkpoint.write prepared.Recipe prepared.Handles state memory)

                    memory.Position <- 0L
                    use trunk = trunkOf setting
                    let prepared = Setup.prepare MetricLossOnly.recipe (ingredients trunk)
                    use file = SafetensorsFile.Read(memory, "the checkpoint")
                    use session = Session.Start prepared
                    session.Resume(Checkpoint.readFrom prepared.Recipe prepared.Handles "the checkpoint" file)
                    steps 3 session
                    Expect.equal (Snapshot.ofSession session) (Snapshot.ofSession whole) "the same end"
                    let counted = (trunk.state_dict ())["norm.num_batches_tracked"]
                    Expect.equal (counted.ToInt64()) 6L "batches")

            testCase "frozen: it does not move; its batch norms kept: their statistics do not" (fun () ->
                use embedder = SmallRuns.linear Parts.features 3L
                use trunk = trunkOf plain

                let both =
                    { SmallRuns.ingredientsOf
                          [ Keys.Trunk, trunk; Keys.Embedder, embedder ]
                          [
                              "trunk_optimizer", Optimizer.adam 0.01
                              "embedder_optimizer", Optimizer.adam 0.01
                          ]
                          (SmallRuns.data ()) with
                        Frozen = [ Keys.Trunk ]
                    }

                let before = bits trunk

                (use frozen = SmallRuns.session both
                 steps 3 frozen)

                Expect.equal (bits trunk) before "frozen"

                (use kept =
                    SmallRuns.session
                        { both with
                            Frozen = []
                            FreezeTrunkBatchnorm = true
                        }

                 steps 3 kept
                 Expect.isTrue trunk.training "the script trains")

                let after = dict (bits trunk)

                for name, was in before do
                    if name.Contains "running" || name.Contains "tracked" then
                        Expect.equal after[name] was name
                    else
                        Expect.notEqual after[name] was name)

            testCase "nothing leaks, in a dispose scope as well" (fun () ->
                for setting in [ plain; replacing ] do
                    use trunk =
                        (use _ = torch.NewDisposeScope()
                         trunkOf setting)

                    use session = SmallRuns.session (ingredients trunk)
                    steps 3 session
                    let before = torch.Tensor.TotalCount
                    steps 4 session
                    Expect.equal torch.Tensor.TotalCount before "live tensors")
        ]

let private modes =
    testList
        "as a module"
        [
            testCase "modes go through" (fun () ->
                use trunk = trunkOf dropping
                use input = torch.randn (8L, Parts.features)
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
                use input = torch.randn (8L, Parts.features)
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
                use input = torch.randn (8L, Parts.features)
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

                use session = SmallRuns.session (ingredients trunk)
                steps 2 session
                session.Dispose()
                trunk.``to`` torch.float64 |> ignore
                use input = torch.randn (8L, Parts.features, dtype = torch.ScalarType.Float64)
                (trunk.call input).Dispose())

            testCase "weights are loaded into it and saved from it" (fun () ->
                use trunk = trunkOf plain
                use other = trunkOf plain
                use session = SmallRuns.session (ingredients trunk)
                steps 2 session
                Expect.notEqual (bits other) (bits trunk) "it moved"

                let path =
                    Path.Combine(Path.GetTempPath(), $"metric-learning-{Guid.NewGuid()}.safetensors")

                try
                    Weights.save trunk path
                    let report = Weights.load LoadOptions.strict other path
                    Expect.isTrue report.IsComplete "all"
                    Expect.equal (bits other) (bits trunk) "the same"
                    other.eval ()
                    trunk.eval ()
                    use input = torch.randn (8L, Parts.features)
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
                withFile (Layers(Parts.features).Script plain) (fun path ->
                    use trunk = new ScriptTrunk(TorchScript.load path null)
                    Expect.equal (trunk.state_dict().Count) 9 "tensors"))

            testCase "a state dict or garbage is no script" (fun () ->
                let stateDict = TorchFiles.saveStateDict [ "weight", torch.zeros (1L) ]

                for content in [ stateDict; [||]; Array.create 100 7uy ] do
                    withFile content (fun path ->
                        Expect.throwsC (fun () -> TorchScript.load path null |> ignore) (fun error ->
                            Expect.equal (error.GetType()) typeof<InvalidDataException> $"{error}"
                            Expect.stringContains error.Message path "which file"
                            Expect.isLessThan error.Message.Length 600 "and no stack of libtorch"))

                Expect.throwsT<FileNotFoundException> (fun () -> TorchScript.load "/nowhere.pt" null |> ignore) "none"
                |> ignore)

            testCase "several outputs" (fun () ->
                use trunk =
                    trunkOf
                        { plain with
                            Returned = "(z, y)"
                            Type = "Tuple[Tensor, Tensor]"
                        }

                use input = torch.randn (8L, Parts.features)

                Expect.throwsC (fun () -> trunk.call input |> ignore) (fun error ->
                    Expect.equal (error.GetType()) typeof<InvalidOperationException> $"{error}"
                    Expect.stringContains error.Message "one tensor" "what is wanted"))
        ]

let tests = testList "TorchScript trunks" [ training; modes; mistakes ]
