/// Rows of classes as labels, in every trainer.
module MetricLearning.Core.Tests.Trainers.SeveralLabelTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.SeveralLabels
open MetricLearning.Core.Tests.Support.SeveralLabelRuns

let private twoStreams (options: RunOptions) =
    match options.Dataset with
    | TrainingData.Tensors(inputs, labels) ->
        RunOptions(options, Dataset = TrainingData.FromTensors([ inputs[0]; inputs[0].flip 0L ], labels))
    | TrainingData.Samples _ -> options

let private sampleBySample (options: RunOptions) =
    match options.Dataset with
    | TrainingData.Tensors(inputs, (:? torch.Tensor as labels)) ->
        let rows, labels =
            inputs[0].DetachFromDisposeScope(), labels.DetachFromDisposeScope()

        RunOptions(options, Dataset = TrainingData.FromSamples(24L, fun index _ -> rows[index], labels[index]))
    | _ -> options

let private generator (options: RunOptions) =
    options.Models.Add(Keys.Generator, net 15L)
    options

let private adversarial =
    DeepAdversarialMetricLearning.recipe
        { DeepAdversarialMetricLearning.defaults with
            TripletsPerAnchor = Nullable()
        }

let private memory (comparison: LabelComparison) (columns: Nullable<int>) : Loss =
    new CrossBatchMemory(
        contrastive comparison,
        5,
        memorySize = 30,
        miner = multiSimilarity comparison,
        labelColumns = columns
    )

// A trainer, and its options with labels that are compared in a way, in so many columns.
let private runs: (string * Recipe * (LabelComparison -> Nullable<int> -> obj -> RunOptions)) list =
    let alone (loss: LabelComparison -> Loss) comparison =
        [ Keys.MetricLoss, loss comparison :> torch.nn.Module ]

    let several (keys: string list) comparison =
        [ for key in keys -> key, triplets comparison :> torch.nn.Module ]

    [
        "all triplets", MetricLossOnly.recipe, (fun comparison _ -> plain (alone triplets comparison) [])

        "a miner",
        MetricLossOnly.recipe,
        fun comparison _ -> plain (alone contrastive comparison) [ Keys.TupleMiner, multiSimilarity comparison ]

        "a memory",
        MetricLossOnly.recipe,
        fun comparison columns ->
            plain
                [ Keys.MetricLoss, memory comparison columns :> torch.nn.Module ]
                [ Keys.TupleMiner, multiSimilarity comparison ]

        "micro-batches",
        MetricLossOnly.recipe,
        fun comparison columns labels ->
            RunOptions(
                plain [ Keys.MetricLoss, memory comparison columns :> torch.nn.Module ] [] labels,
                MicroBatchSize = Nullable 5
            )

        "samples one by one",
        MetricLossOnly.recipe,
        fun comparison _ labels -> plain (alone triplets comparison) [] labels |> sampleBySample

        "two streams",
        TwoStreamMetricLoss.recipe,
        fun comparison _ labels -> plain (alone triplets comparison) [] labels |> twoStreams

        "two streams with a miner",
        TwoStreamMetricLoss.recipe,
        fun comparison _ labels ->
            plain (alone contrastive comparison) [ Keys.TupleMiner, multiSimilarity comparison ] labels
            |> twoStreams

        "two views",
        MultiViewMetricLoss.recipe,
        fun comparison _ labels ->
            plain (alone triplets comparison) [ Keys.TupleMiner, multiSimilarity comparison ] labels
            |> twoStreams

        "queries and keys",
        MomentumContrast.recipe 0.9,
        fun comparison columns labels ->
            let options =
                plain [ Keys.MetricLoss, memory comparison columns :> torch.nn.Module ] [] labels
                |> twoStreams

            options.Models.Add(Keys.MomentumTrunk, net 5L)
            options

        "a cascade",
        CascadedEmbeddings.recipe [ 2; 3 ],
        fun comparison _ ->
            plain
                (several [ "metric_loss_0"; "metric_loss_1" ] comparison)
                [ "tuple_miner_0", HDCMiner(LabelComparison = comparison) ]

        "synthetic negatives",
        adversarial,
        fun comparison _ labels ->
            plain (several [ Keys.MetricLoss; Keys.SynthLoss; Keys.GeneratorAdversarialLoss ] comparison) [] labels
            |> generator
    ]

let tests =
    testList
        "several classes a sample in training"
        [
            for name, recipe, options in runs do
                test $"one class a sample, as rows, trains as one label a sample: {name}" {
                    use _ = torch.NewDisposeScope()
                    let wanted = trained recipe (options LabelComparison.Equal (Nullable()) (labels ()))
                    let found = trained recipe (options any (Nullable 5) (rowsOf (labels ())))
                    let before = Expectations.floats (Seq.head ((net 5L).parameters()))
                    Expect.notEqual wanted.Head before "it trains"
                    Expect.equal found wanted "the same weights"
                }

            test "random triplets are of the miner's kind" {
                use _ = torch.NewDisposeScope()
                let loss = new TripletMarginLoss(tripletsPerAnchor = 2, LabelComparison = any)
                let rows = torch.cat ([| several (); several () |], 0L)

                trained MetricLossOnly.recipe (plain [ Keys.MetricLoss, loss ] [] rows)
                |> ignore
            }

            test "a sampler that mines" {
                use _ = torch.NewDisposeScope()
                let rows = torch.cat ([| several (); several () |], 0L)

                let drawn (rows: torch.Tensor) =
                    let data = TrainingData.FromTensors((embeddings 3 24).``to`` torch.float32, rows)
                    let miner = MultiSimilarityMiner(LabelComparison = any)
                    let trunk = net 5L :?> torch.nn.Module<Tensor, Tensor>

                    TuplesToWeightsSampler(trunk, miner, data).Pass(Seed.ofInt64 1L, 0L)
                    |> Seq.toArray

                Expect.equal (drawn (reordered rows)) (drawn rows) "columns have no order"
            }
        ]
