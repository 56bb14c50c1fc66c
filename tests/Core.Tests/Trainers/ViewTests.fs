/// A recipe of one's own gives inputs to networks itself: two views of every sample through one trunk.
module MetricLearning.Core.Tests.Trainers.ViewTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.SmallRuns

let private view (number: int) (ctx: Context) (batch: Batch) : Embedded =
    {
        Embeddings = Embedding.through Keys.Trunk ctx batch.Data[number]
        Labels = batch.Labels
    }

let private recipe =
    Recipe.custom
        [ Keys.Trunk ]
        [ Keys.MetricLoss ]
        []
        (fun ctx batch ->
            {
                Tensors = [| (view 0 ctx batch).Embeddings; (view 1 ctx batch).Embeddings |]
                Labels = batch.Labels
            }
            : Rows)
        (fun ctx rows ->
            let embedded (number: int) : Embedded =
                {
                    Embeddings = rows.Tensors[number]
                    Labels = rows.Labels
                }

            Objective.term
                Keys.MetricLoss
                ctx
                (Mining.all >> Objective.lossAgainst Keys.MetricLoss ctx (embedded 1))
                (embedded 0))

let private options (loss: torch.nn.Module) =
    let rows = data ()

    let views =
        (rows + (Weights.tensor 3L torch.float32 rows.shape) * 0.1.ToScalar()).DetachFromDisposeScope()

    let made =
        optionsOf [ Keys.Trunk, linear RunParts.features 4L ] [ "trunk_optimizer", adam ] rows

    RunOptions(
        made,
        LossFuncs = LossFuncs(MetricLoss = loss),
        Dataset = TrainingData.FromTensors([ rows; views ], labels ())
    )

let private losses: (string * (unit -> torch.nn.Module)) list =
    [
        "SelfSupervisedLoss", (fun () -> new SelfSupervisedLoss(new NTXentLoss()))
        "VICRegLoss", (fun () -> new VICRegLoss())
        "ContrastiveLoss", (fun () -> new ContrastiveLoss())
    ]

let tests =
    testList
        "two views"
        [
            for name, make in losses do
                testCase $"{name} is computed on them, and the trunk learns" (fun () ->
                    use _ = torch.NewDisposeScope()
                    let trunk = linear RunParts.features 4L
                    let made = options (make ())

                    let run = Setup.prepare recipe (RunOptions(made, Models = Models(Trunk = trunk)))

                    use session = Session.Start run
                    let rows = (data ()).narrow(0L, 0L, 12L)

                    let batch =
                        {
                            Data = [| rows; rows.flip 1L |]
                            Labels = (labels ()).narrow(0L, 0L, 12L)
                            Indices = [| 0L .. 11L |]
                        }

                    let loss = make () :?> Loss
                    let known: Tensor | null = if loss.TakesLabels then batch.Labels else null

                    let expected =
                        loss
                            .Compute(trunk.call batch.Data[0], known, Tuples.All, trunk.call batch.Data[1], known)
                            .ToDouble()

                    let before = Snapshot.bitsOf trunk.weight
                    use next = Iteration.stepOn recipe run.Handles batch run.State
                    Expect.isGreaterThan expected 0.0 "a loss"

                    Expect.floatClose
                        Accuracy.medium
                        next.Progress.Losses[Keys.MetricLoss]
                        expected
                        "the loss of the two views"

                    Expect.notEqual (Snapshot.bitsOf trunk.weight) before "the trunk")

            testCase "a module without references says so" (fun () ->
                use session =
                    Session.Start(Setup.prepare recipe (options (torch.nn.CrossEntropyLoss())))

                let error = Expect.throwsC (fun () -> step session) (fun error -> error.Message)

                Expect.stringContains error "takes no reference embeddings" "the message")
        ]
