/// The rules of weights as values, 7 and 8: what a forward pass rewrites, and memory.
module MetricLearning.Core.Tests.Laws.RewriteRules

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

open MetricLearning.Core.Tests.Support.SmallRuns

let private embedding (maxNorm: float option) : torch.nn.Module<Tensor, Tensor> =
    match maxNorm with
    | Some norm -> torch.nn.Embedding(10L, 4L, max_norm = norm)
    | None -> torch.nn.Embedding(10L, 4L)

let private words () =
    torch
        .tensor(
            [|
                for index in 0L .. RunParts.samples - 1L -> (index * 3L + index / 5L) % 10L
            |]
        )
        .DetachFromDisposeScope()

let private rule7 =
    testList
        "7 what a forward pass rewrites is cloned before it"
        [
            testCase "an embedding with max_norm: steps are functions" (fun () ->
                let trunk = embedding (Some 0.3)

                let prepared =
                    Setup.prepare
                        MetricLossOnly.recipe
                        (optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (words ()))

                use _ = Session.Start prepared
                Expect.isTrue prepared.Handles.Groups[0].IsRewritten "the group is known to be rewritten"
                let before = Snapshot.ofState prepared.State
                use one = Iteration.step prepared.Recipe prepared.Handles prepared.State
                use other = Iteration.step prepared.Recipe prepared.Handles prepared.State
                Expect.equal (Snapshot.ofState one) (Snapshot.ofState other) "twice"
                Expect.equal (Snapshot.ofState prepared.State) before "the state")

            testCase "an embedding without max_norm is not copied" (fun () ->
                use session =
                    session (optionsOf [ Keys.Trunk, embedding None ] [ "trunk_optimizer", adam ] (words ()))

                Expect.isFalse session.Handles.Groups[0].IsRewritten "the group")

            testCase "a failure after max_norm has rewritten is undone" (fun () ->
                let trap = Trap()
                let trunk = new TrappedNet(embedding (Some 0.3), trap, Place.Forward)

                use session =
                    session (optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (words ()))

                step session
                let before = Snapshot.ofSession session
                let shown = Snapshot.ofModules session.Handles
                trap.OnVisit <- fun _ -> invalidOp "trap"
                Expect.throws (fun () -> step session) "it fails"
                Expect.equal (Snapshot.ofSession session) before "the state"
                Expect.equal (Snapshot.ofModules session.Handles) shown "the modules")

            testCase "a loss that scales its weights to length 1: steps are functions" (fun () ->
                let prepared =
                    Setup.prepare
                        MetricLossOnly.recipe
                        (RunOptions(
                            optionsOf
                                [ Keys.Trunk, linear 6L 4L ]
                                [ "trunk_optimizer", adam; "metric_loss_optimizer", adam ]
                                (data ()),
                            LossFuncs = LossFuncs(MetricLoss = new P2SGradLoss(4, RunParts.classes))
                        ))

                use _ = Session.Start prepared

                Expect.equal
                    [
                        for group in prepared.Handles.Groups do
                            if group.IsRewritten then
                                group.Layout.Slots[0].Name
                    ]
                    [ "metric_loss.weight" ]
                    "the group is known to be rewritten"

                let before = Snapshot.ofState prepared.State
                use one = Iteration.step prepared.Recipe prepared.Handles prepared.State
                use other = Iteration.step prepared.Recipe prepared.Handles prepared.State
                Expect.equal (Snapshot.ofState one) (Snapshot.ofState other) "twice"
                Expect.equal (Snapshot.ofState prepared.State) before "the state")

            testCase "one vector for each dtype, integer buffers included" (fun () ->
                use session =
                    Subject.start
                        Subject.metricLossOnly
                        { Settings.rich with
                            Embedder = false
                            Loss = 0
                        }

                for _ in 1..3 do
                    step session

                use state = session.Take()
                let groups = session.Handles.Buffers

                Expect.equal
                    (set [ for group in groups -> group.Layout.Dtype ])
                    (set [ ScalarType.Float32; ScalarType.Int64 ])
                    "dtypes"

                let index =
                    groups |> Array.findIndex (fun group -> group.Layout.Dtype = ScalarType.Int64)

                use batches =
                    Layout.view groups[index].Layout.Slots[0] state.Learned.Buffers[index].Tensor

                Expect.equal (batches.ToInt64()) 3L "num_batches_tracked")
        ]

/// A layer whose weight lies column by column.
type private Transposed() as this =
    inherit torch.nn.Module<Tensor, Tensor>("Transposed")
    let weight = parameter (torch.rand(6L, 4L).t())
    do this.register_parameter ("weight", weight)
    member _.Weight = weight

    override _.forward input =
        torch.nn.functional.linear (input, weight)

/// Trunk and embedder share a weight; one of them may be frozen.
let private sharedAndFrozen =
    testList
        "what a frozen network shares with one that trains does not move"
        [
            for frozen in [ Keys.Trunk; Keys.Embedder ] do
                testCase $"{frozen} is frozen" (fun () ->
                    let shared = parameter (torch.ones 6L)

                    let trunk =
                        torch.nn.Sequential(layer "scaled" (new Scaled(shared)), layer "linear" (linear 6L 6L))

                    let embedder =
                        torch.nn.Sequential(layer "scaled" (new Scaled(shared)), layer "linear" (linear 6L 4L))

                    use session =
                        session (
                            RunOptions(
                                optionsOf
                                    [ Keys.Trunk, trunk; Keys.Embedder, embedder ]
                                    [
                                        (if frozen = Keys.Trunk then
                                             "embedder_optimizer"
                                         else
                                             "trunk_optimizer"),
                                        adam
                                    ]
                                    (data ()),
                                FreezeThese = [ frozen ]
                            )
                        )

                    let before = Snapshot.bitsOf shared
                    step session
                    Expect.equal (Snapshot.bitsOf shared) before "the weight")
        ]

let private rule8 =
    testList
        "8 contiguous, and no sparse gradients"
        [
            testCase "binding makes parameters contiguous, with the same numbers" (fun () ->
                let trunk = new Transposed()
                let before = Snapshot.bitsOf trunk.Weight
                Expect.isFalse (trunk.Weight.is_contiguous ()) "as it was made"

                use session =
                    session (optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (data ()))

                Expect.isTrue (trunk.Weight.is_contiguous ()) "as it is bound"
                Expect.equal (Snapshot.bitsOf trunk.Weight) before "the numbers"
                step session
                Expect.notEqual (Snapshot.bitsOf trunk.Weight) before "it trains")

            testCase "a sparse gradient is an error that says so, and nothing changes" (fun () ->
                let trunk = torch.nn.Embedding(10L, 4L, sparse = true)

                use session =
                    session (optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (words ()))

                let before = Snapshot.ofSession session

                Expect.throwsC (fun () -> step session) (fun error ->
                    Expect.stringContains error.Message "sparse" "the message")

                Expect.equal (Snapshot.ofSession session) before "the state")
        ]

let tests = testList "rewritten weights" [ rule7; sharedAndFrozen; rule8 ]
