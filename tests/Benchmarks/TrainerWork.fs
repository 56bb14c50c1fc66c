namespace MetricLearning.Benchmarks

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// What a trainer does in an iteration: given to it, and written out by hand.
type TrainerWork =
    {
        Name: string
        Recipe: Recipe
        /// New networks by key, with the same weights each time.
        Networks: unit -> (string * torch.nn.Module<torch.Tensor, torch.Tensor>) list
        Losses: unit -> (string * torch.nn.Module) list
        Miners: (string * Miner) list
        /// How many inputs a sample has.
        Inputs: int
        /// From networks, inputs and labels to the loss.
        ByHand:
            (string -> torch.nn.Module<torch.Tensor, torch.Tensor>) -> torch.Tensor list -> torch.Tensor -> torch.Tensor
    }

/// The five trainers, each with a typical choice of losses and miners.
module TrainerWork =

    let private mlp (widths: int list) = Workload.perceptron widths ()

    let private networks (embedding: int) (others: (string * int list) list) () =
        torch.manual_seed 2L |> ignore

        [
            "trunk", mlp [ 64; 128; 64 ]
            "embedder", mlp [ 64; embedding ]
            for key, widths in others do
                key, mlp widths
        ]

    let private triplet margin = new TripletMarginLoss(margin = margin)

    let private similar = MultiSimilarityMiner()
    let private hard = HDCMiner()
    let private classes = torch.nn.CrossEntropyLoss()

    let private metricLossOnly: TrainerWork =
        let loss = triplet 0.1

        {
            Name = "MetricLossOnly"
            Recipe = MetricLossOnly.recipe
            Networks = networks 32 []
            Losses = fun () -> [ "metric_loss", triplet 0.1 ]
            Miners = [ "tuple_miner", similar ]
            Inputs = 1
            ByHand =
                fun net inputs labels ->
                    let embeddings = (net "trunk").call inputs.Head |> (net "embedder").call
                    loss.Compute(embeddings, labels, similar.Mine(embeddings, labels))
        }

    let private trainWithClassifier: TrainerWork =
        let loss = triplet 0.1

        {
            Name = "TrainWithClassifier"
            Recipe = TrainWithClassifier.recipe
            Networks = networks 32 [ "classifier", [ 32; 16 ] ]
            Losses = fun () -> [ "metric_loss", triplet 0.1; "classifier_loss", torch.nn.CrossEntropyLoss() ]
            Miners = [ "tuple_miner", similar ]
            Inputs = 1
            ByHand =
                fun net inputs labels ->
                    let embeddings = (net "trunk").call inputs.Head |> (net "embedder").call

                    loss.Compute(embeddings, labels, similar.Mine(embeddings, labels))
                    + classes.call ((net "classifier").call embeddings, labels)
        }

    let private cascadedEmbeddings: TrainerWork =
        let losses () : Loss list =
            [ new ContrastiveLoss(); new MultiSimilarityLoss(); new CircleLoss() ]

        let byHand = losses ()

        {
            Name = "CascadedEmbeddings"
            Recipe = CascadedEmbeddings.recipe [ 16; 16; 16 ]
            Networks = networks 48 []
            Losses =
                fun () ->
                    losses ()
                    |> List.mapi (fun number loss -> Keys.numbered "metric_loss" number, (loss :> torch.nn.Module))
            Miners = [ "tuple_miner_1", similar; "tuple_miner_2", hard ]
            Inputs = 1
            ByHand =
                fun net inputs labels ->
                    let embeddings = (net "trunk").call inputs.Head |> (net "embedder").call

                    let section number =
                        embeddings.narrow (1L, 16L * number, 16L)

                    let mined = similar.Mine(section 1L, labels)
                    let seed = Seed.ofInt64 1L
                    let harder = hard.MineWithin(mined, section 2L, labels, null, null, seed)

                    byHand[0].Compute(section 0L, labels)
                    + byHand[1].Compute(section 1L, labels, mined)
                    + byHand[2].Compute(section 2L, labels, harder)
        }

    let private twoStreamMetricLoss: TrainerWork =
        let loss = triplet 0.2

        let miner = TripletMarginMiner(margin = 0.2)

        {
            Name = "TwoStreamMetricLoss"
            Recipe = TwoStreamMetricLoss.recipe
            Networks = networks 32 []
            Losses = fun () -> [ "metric_loss", triplet 0.2 ]
            Miners = [ "tuple_miner", miner ]
            Inputs = 2
            ByHand =
                fun net inputs labels ->
                    let embed (input: torch.Tensor) =
                        (net "trunk").call input |> (net "embedder").call

                    let anchors, others = embed inputs[0], embed inputs[1]

                    let tuples =
                        miner.Mine(anchors, labels, others, labels)
                        |> TupleIndices.shift (anchors.size 0)

                    loss.Compute(torch.cat [| anchors; others |], torch.cat [| labels; labels |], tuples)
        }

    let private perAnchor = Nullable 5

    let private deepAdversarial: TrainerWork =
        let metric, synthetic = triplet 0.1, triplet 0.1

        {
            Name = "DeepAdversarialMetricLearning"
            Recipe =
                DeepAdversarialMetricLearning.recipe
                    { DeepAdversarialMetricLearning.defaults with
                        TripletsPerAnchor = perAnchor
                    }
            Networks = networks 32 [ "classifier", [ 32; 16 ]; "generator", [ 192; 64; 64 ] ]
            Losses =
                fun () ->
                    [
                        "metric_loss", triplet 0.1
                        "classifier_loss", torch.nn.CrossEntropyLoss()
                        "synth_loss", triplet 0.1
                        "g_adv_loss", triplet 0.1
                    ]
            Miners = [ "tuple_miner", similar ]
            Inputs = 1
            ByHand =
                fun net inputs labels ->
                    let features = (net "trunk").call inputs.Head
                    let embeddings = (net "embedder").call features

                    let struct (a, p, n) = Tuples.randomTriplets perAnchor (Seed.ofInt64 1L) labels null

                    let rows (indices: torch.Tensor) = features.index_select (0L, indices)
                    let anchors, positives, negatives = rows a, rows p, rows n

                    let generated =
                        (net "generator").call(torch.cat ([| anchors; positives; negatives |], 1L))

                    let embedded = (net "embedder").call(torch.cat [| anchors; positives; generated |])

                    let triplets = a.size 0

                    let part number =
                        embedded.narrow (0L, number * triplets, triplets)

                    let indices number =
                        torch.arange (number * triplets, (number + 1L) * triplets)

                    let unit (vectors: torch.Tensor) =
                        torch.nn.functional.normalize (vectors, 2.0, 1L)

                    let a', p', s' = unit (part 0L), unit (part 1L), unit (part 2L)

                    let length (vectors: torch.Tensor) =
                        torch.linalg.vector_norm (vectors, 2.0, [| 1L |])

                    let adversarial = (length (a' - s') - length (a' - p') - 0.1).relu()
                    let counted = adversarial.gt(0.0.ToScalar()).sum().clamp_min(1.0.ToScalar())

                    let like real =
                        torch.nn.functional.mse_loss (unit generated, unit real)

                    metric.Compute(embeddings, labels, similar.Mine(embeddings, labels))
                    + classes.call ((net "classifier").call embeddings, labels)
                    + adversarial.sum () / counted
                    + like anchors
                    + like negatives
                    + synthetic.Compute(
                        embedded,
                        labels.index_select (0L, torch.cat [| a; p; n |]),
                        Tuples.Triplets(indices 0L, indices 1L, indices 2L)
                    )
        }

    /// All of them.
    let all =
        [
            metricLossOnly
            trainWithClassifier
            cascadedEmbeddings
            twoStreamMetricLoss
            deepAdversarial
        ]
