/// The tensors that cross from the first half of an iteration to the second, with micro-batches.
module MetricLearning.Core.Tests.Laws.MicroBatchCrossing

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.MicroRuns
open MetricLearning.Core.Tests.Support.SmallRuns

let private size = 5

let private ofRows (rows: Context -> Batch -> Rows) : Recipe =
    Recipe.custom [ Keys.Trunk ] [ Keys.MetricLoss ] [] rows (fun ctx rows ->
        Objective.metric
            ctx
            (Mining.all
                {
                    Embeddings = rows.Tensors[0]
                    Labels = rows.Labels
                }))

let private refused (text: string) (rows: Context -> Batch -> Rows) =
    let options =
        optionsOf [ Keys.Trunk, linear RunParts.features 4L ] [ "trunk_optimizer", adam ] (data ())

    use session = Session.Start(Setup.prepare (ofRows rows) (withSize size options))
    let before = Snapshot.ofSession session
    Expectations.throws<InvalidOperationException> text (fun () -> step session)
    Expect.equal (Snapshot.ofSession session) before "the state"

let private rowsOf (tensors: Tensor list) (batch: Batch) : Rows =
    {
        Tensors = Array.ofList tensors
        Labels = batch.Labels
    }

let tests =
    testList
        "what may cross"
        [
            testCase "inputs, integers and booleans as well, whose own they stay" (fun () ->
                let seen = ResizeArray<Rows>()

                let rows (ctx: Context) (batch: Batch) =
                    rowsOf
                        [
                            Embedding.trunk ctx batch
                            batch.Data[0]
                            batch.Labels * 2L
                            batch.Labels.gt (1.0.ToScalar())
                        ]
                        batch

                let recipe = ofRows rows

                let recipe =
                    { recipe with
                        Halves =
                            Halves.cut rows (fun ctx crossed ->
                                seen.Add crossed
                                let crossed = crossed.Tensors
                                Expect.isTrue crossed[0].requires_grad "an output"
                                Expect.isFalse crossed[1].requires_grad "an input"
                                Expect.equal crossed[1].shape [| 12L; RunParts.features |] "all of it"
                                Expect.equal crossed[2].dtype ScalarType.Int64 "integers"
                                Expect.equal crossed[3].dtype ScalarType.Bool "booleans"
                                recipe.Halves.Whole ctx seen[seen.Count - 1])
                    }

                let options () =
                    use _ = torch.manual_seed 8L
                    let trunk = linear RunParts.features 4L
                    trunk.``to`` torch.float64 |> ignore

                    RunOptions(
                        optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (data ()),
                        Dtype = Nullable ScalarType.Float64
                    )

                expectSameSteps
                    2
                    (Setup.prepare recipe (options ()))
                    (Setup.prepare recipe (withSize size (options ()))))

            testCase "the second half may write into what crosses" (fun () ->
                let recipe =
                    Recipe.custom
                        [ Keys.Trunk ]
                        [ Keys.MetricLoss ]
                        []
                        (fun ctx batch -> rowsOf [ Embedding.trunk ctx batch ] batch)
                        (fun ctx rows ->
                            Objective.metric
                                ctx
                                (Mining.all
                                    {
                                        Embeddings = rows.Tensors[0].mul_(2.0.ToScalar())
                                        Labels = rows.Labels
                                    }))

                let options =
                    optionsOf [ Keys.Trunk, linear RunParts.features 4L ] [ "trunk_optimizer", adam ] (data ())

                use session = Session.Start(Setup.prepare recipe (withSize size options))
                step session)

            testCase "a tensor without a row for each sample is an error" (fun () ->
                refused "one row a sample; the first half of the iteration made" (fun ctx batch ->
                    rowsOf [ (Embedding.trunk ctx batch).sum() ] batch))

            testCase "as many tensors of each micro-batch" (fun () ->
                let mutable calls = 0

                refused "it must make as many of each" (fun ctx batch ->
                    calls <- calls + 1
                    let embeddings = Embedding.trunk ctx batch
                    rowsOf (List.replicate calls embeddings) batch))
        ]
