/// TorchScript trunks that train.
module MetricLearning.Core.Tests.Pretrained.ScriptTrunkTests

open System
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.ScriptFiles
open MetricLearning.Core.Tests.Support.Scripts

let tests =
    testList
        "trained TorchScript trunks"
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
                Expect.isTrue ScriptTrunk.IsExact "libtorch's switch was found"

                for setting in [ dropping; { replacing with Dropout = 0.25 } ] do
                    use trunk = trunkOf setting
                    let plain = Layers(RunParts.features).Network setting.Dropout
                    use scripted = SmallRuns.session (options trunk)
                    use own = SmallRuns.session (options plain)
                    let before = bits trunk
                    Expect.equal before (bits plain) "the same start"
                    steps 7 scripted
                    steps 7 own
                    Expect.equal (bits trunk) (bits plain) "the same weights and statistics"

                    for (name, was), (_, now) in Seq.zip before (bits trunk) do
                        Expect.notEqual now was $"{name} moved")

            testCase "law 1: a state stepped again gives the same bits, however often the script ran" (fun () ->
                use trunk = trunkOf dropping
                let prepared = Setup.prepare MetricLossOnly.recipe (options trunk)
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
                    use whole = SmallRuns.session (options (trunkOf setting))
                    steps 6 whole
                    use memory = new MemoryStream()

                    (use half = SmallRuns.session (options (trunkOf setting))
                     steps 3 half
                     use state = half.Take()
                     let prepared = Setup.prepare MetricLossOnly.recipe (options (trunkOf setting))
                     Checkpoint.write prepared.Recipe prepared.Handles state memory)

                    memory.Position <- 0L
                    use trunk = trunkOf setting
                    let prepared = Setup.prepare MetricLossOnly.recipe (options trunk)
                    use file = SafetensorsFile.Read(memory, "the checkpoint")
                    use session = Session.Start prepared
                    session.Resume(Checkpoint.readFrom prepared.Recipe prepared.Handles "the checkpoint" file)
                    steps 3 session
                    Expect.equal (Snapshot.ofSession session) (Snapshot.ofSession whole) "the same end"
                    let counted = (trunk.state_dict ())["norm.num_batches_tracked"]
                    Expect.equal (counted.ToInt64()) 6L "batches")

            testCase "frozen: it does not move; its batch norms kept: their statistics do not" (fun () ->
                use embedder = SmallRuns.linear RunParts.features 3L
                use trunk = trunkOf plain

                let both =
                    RunOptions(
                        SmallRuns.optionsOf
                            [ Keys.Trunk, trunk; Keys.Embedder, embedder ]
                            [
                                "trunk_optimizer", PureOptimizer.Adam(0.01)
                                "embedder_optimizer", PureOptimizer.Adam(0.01)
                            ]
                            (SmallRuns.data ()),
                        FreezeThese = [ Keys.Trunk ]
                    )

                let before = bits trunk

                (use frozen = SmallRuns.session both
                 steps 3 frozen)

                Expect.equal (bits trunk) before "frozen"

                (use kept =
                    SmallRuns.session (RunOptions(both, FreezeThese = [], FreezeTrunkBatchnorm = true))

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

                    use session = SmallRuns.session (options trunk)
                    steps 3 session

                    withoutCollecting (fun () ->
                        let before = torch.Tensor.TotalCount
                        steps 4 session
                        Expect.equal torch.Tensor.TotalCount before "live tensors"))

            // The finalizer of a module whose construction failed must not throw: that ends the process.
            testCase "no script" (fun () ->
                throws<ArgumentNullException> "script" (fun () ->
                    (new ScriptTrunk(Unchecked.defaultof<torch.jit.ScriptModule<Tensor, Tensor>>)).Dispose())

                collectGarbage ())
        ]
