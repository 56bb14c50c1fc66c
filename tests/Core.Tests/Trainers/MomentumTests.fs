/// Queries against the keys of networks that follow, checked by hand.
module MetricLearning.Core.Tests.Trainers.MomentumTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.SmallRuns
open MetricLearning.Core.Tests.Support.ContrastByHand

let private isThatByHand (ours: float) (momentum: float) =
    let loss = memory ()

    use session =
        Session.Start(Setup.prepare (MomentumContrast.recipe ours) (options loss))

    for number, expected in List.indexed (byHand momentum 7) do
        step session
        let found = found session loss
        near [| found.Loss |] [| expected.Loss |] $"the loss, step {number}"
        List.iter2 (fun found expected -> near found expected $"weights, step {number}") found.Weights expected.Weights
        Expect.equal (Array.map fst found.Queue) (Array.map fst expected.Queue) $"samples in the queue, step {number}"

        Array.iter2
            (fun (_, found) (_, expected) -> near found expected $"queue, step {number}")
            found.Queue
            expected.Queue

let private weightsOf (session: Session) (key: string) : float[] =
    Weights.values (Seq.head (session.Handles.Networks[key].Handle.Module.parameters()))

let tests =
    testList
        "queries and keys"
        [
            for momentum in [ 0.0; 0.7; 0.999; 1.0 ] do
                test $"each step is that by hand, with momentum {momentum}" { isThatByHand momentum momentum }

            LawChecks.isFalsified "another momentum" (fun () -> isThatByHand 0.71 0.7)

            test "with momentum 1 what follows stays as it began, with 0 it is what it follows" {
                let trained momentum =
                    let session =
                        Session.Start(Setup.prepare (MomentumContrast.recipe momentum) (options (memory ())))

                    Expect.equal
                        (weightsOf session Keys.MomentumTrunk)
                        (weightsOf session Keys.Trunk)
                        "it begins with the same weights"

                    let before = weightsOf session Keys.Trunk

                    for _ in 1..5 do
                        step session

                    before, session

                let before, still = trained 1.0
                use _ = still
                Expect.equal (weightsOf still Keys.MomentumTrunk) before "as it began"
                Expect.notEqual (weightsOf still Keys.Trunk) before "the trunk moves"
                let _, same = trained 0.0
                use _ = same
                Expect.equal (weightsOf same Keys.MomentumTrunk) (weightsOf same Keys.Trunk) "the same bits"
            }

            test "a loss without a memory compares with the keys of the batch" {
                use _ = torch.NewDisposeScope()
                let loss = new NTXentLoss(temperature)

                use session =
                    Session.Start(Setup.prepare (MomentumContrast.recipe 0.9) (options loss))

                let embed rows =
                    session.Handles.Networks[Keys.Embedder].Forward
                        [| session.Handles.Networks[Keys.Trunk].Forward [| rows |] |]

                let first =
                    [ for view in views () -> embed (view.narrow (0L, 0L, int64 batchSize)) ]

                let labels = torch.arange (int64 batchSize)

                let expected =
                    (loss.Compute(first[0], labels, Tuples.All, first[1], labels)).item<float>()

                step session
                near [| session.Progress.Losses[Keys.MetricLoss] |] [| expected |] "the loss"
            }

            test "running statistics follow, in evaluation mode and without a gradient" {
                let network seed : torch.nn.Module<Tensor, Tensor> =
                    torch.nn.Sequential(
                        struct ("first", layer seed 4L (int64 features)),
                        struct ("norm", torch.nn.BatchNorm1d 4L :> torch.nn.Module<Tensor, Tensor>)
                    )

                let trunk, slow = network 1L, network 2L

                for network in [ trunk; slow ] do
                    network.``to`` torch.float64 |> ignore

                let made =
                    withModels
                        (fun models ->
                            models[Keys.Trunk] <- trunk
                            models[Keys.MomentumTrunk] <- slow)
                        (options (memory ()))

                use session = Session.Start(Setup.prepare (MomentumContrast.recipe 0.75) made)

                let buffer (owner: torch.nn.Module) (wanted: string) =
                    Seq.head
                        [
                            for struct (name, buffer) in owner.named_buffers () do
                                if name = wanted then
                                    Weights.values buffer
                        ]

                let mutable mean = buffer trunk "norm.running_mean"

                for _ in 1..5 do
                    step session

                    mean <-
                        Array.map2 (fun own other -> 0.75 * own + 0.25 * other) mean (buffer trunk "norm.running_mean")

                    near (buffer slow "norm.running_mean") mean "the mean"

                    Expect.equal
                        (buffer slow "norm.num_batches_tracked")
                        (buffer trunk "norm.num_batches_tracked")
                        "whole numbers are copied"

                    Expect.isFalse slow.training "evaluation mode"

                    for parameter in slow.parameters () do
                        Expect.isFalse parameter.requires_grad "no gradient is asked for"
                        Expect.isNull parameter.grad "none is there"

                session.Dispose()
                Expect.isTrue slow.training "given back"
            }

            test "the summary says what follows what" {
                let run = Setup.prepare (MomentumContrast.recipe 0.9) (options (memory ()))
                use _ = Session.Start run
                let parts = [ for part in (Run.summary run).Parts -> part.Key, part ] |> Map.ofList
                Expect.equal parts[Keys.MomentumTrunk].Optimizers "follows trunk" "how it moves"
                Expect.equal parts[Keys.MomentumTrunk].Training 0L "it does not train"
                Expect.isEmpty run.Warnings "nothing is suspicious"
            }
        ]
