module MetricLearning.Core.Tests.Metric.LossTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.LossValues

let private behaviour =
    testList
        "behaviour"
        [
            test "regularizers of embeddings and weights are added" {
                use _ = torch.NewDisposeScope()
                let lp = LpRegularizer()
                let x, y = Known.x().``float``(), Known.y ()

                let loss embeddingWeight weightWeight =
                    torch.manual_seed 5L |> ignore

                    new ArcFaceLoss(
                        4,
                        4,
                        EmbeddingRegularizer = lp,
                        EmbeddingRegWeight = embeddingWeight,
                        WeightRegularizer = lp,
                        WeightRegWeight = weightWeight
                    )

                use plain = loss 0.0 0.0
                use regularized = loss 0.3 0.2
                let weights = regularized.WeightsLike x

                let expected =
                    number (plain.Compute(x, y))
                    + 0.3 * number (lp.Compute x)
                    + 0.2 * number (lp.Compute(weights.t ()))

                isNear 1e-6 (number (regularized.Compute(x, y))) expected "sum"
            }

            test "parameters have the documented names and shapes" {
                let shapes (loss: Loss) =
                    use loss = loss

                    [
                        for struct (name, parameter) in loss.named_parameters () -> name, List.ofArray parameter.shape
                    ]

                let beta classes =
                    new MarginLoss(learnBeta = true, numClasses = classes)

                Expect.equal (shapes (new ArcFaceLoss(3, 5))) [ "W", [ 5L; 3L ] ] "D × C"
                Expect.equal (shapes (new ProxyNCALoss(3, 5))) [ "proxies", [ 3L; 5L ] ] "C × D"
                Expect.equal (shapes (new ProxyAnchorLoss(3, 5))) [ "proxies", [ 3L; 5L ] ] "C × D"
                Expect.equal (shapes (new CosFaceLoss(3, 5))) [ "W", [ 5L; 3L ] ] "D × C"
                Expect.equal (shapes (new SoftTripleLoss(3, 5))) [ "fc", [ 5L; 30L ] ] "D × C·K"
                Expect.equal (shapes (new P2SGradLoss(5, 3))) [ "weight", [ 5L; 3L ] ] "D × C"
                Expect.equal (shapes (new ManifoldLoss(5))) [ "proxies", [ 50L; 5L ] ] "K × l"
                Expect.equal (shapes (beta (Nullable()))) [ "beta", [ 1L ] ] "one"
                Expect.equal (shapes (beta (Nullable 3))) [ "beta", [ 3L ] ] "one a class"
                Expect.isEmpty (shapes (new MarginLoss())) "β is not learned"
            }

            test "weights start as torch.manual_seed and the given function say" {
                let weights (loss: WeightedLoss) =
                    use loss = loss
                    floats (Seq.head (loss.parameters ()))

                let drawn () =
                    torch.manual_seed 3L |> ignore
                    weights (new ArcFaceLoss(3, 5))

                Expect.equal (drawn ()) (drawn ()) "seed"

                let ones =
                    new ArcFaceLoss(3, 5, WeightInitFunc = fun weights -> weights.fill_ (1.0.ToScalar()) |> ignore)

                Expect.equal (weights ones) (Array.create 15 1.0) "function"
            }

            test "random triplets follow the seed, or libtorch's generator" {
                let random () =
                    new TripletMarginLoss(tripletsPerAnchor = 2)

                using random (fun loss ->
                    let x, y = Known.x (), Known.y ()

                    let seeded number =
                        loss.Compute(x, y, Tuples.All, null, null, Seed.ofInt64 number)

                    let drawn () =
                        torch.manual_seed 4L |> ignore
                        loss.Compute(x, y)

                    Expect.equal (number (seeded 1L)) (number (seeded 1L)) "one seed, one value"
                    Expect.equal (number (drawn ())) (number (drawn ())) "one generator, one value"

                    let values = [ for seed in 1L .. 20L -> number (seeded seed) ] |> List.distinct
                    Expect.isGreaterThan values.Length 10 "many seeds, many values")
            }

            test "labels of other types and devices are taken, others refused" {
                using (fun () -> new TripletMarginLoss()) (fun loss ->
                    let x, y = Known.x (), Known.y ()
                    Expect.equal (number (loss.Compute(x, y.``int`` ()))) (number (loss.Compute(x, y))) "int32"

                    let refused message (labels: torch.Tensor) =
                        throws<ArgumentException> message (fun () -> loss.Compute(x, labels) |> ignore)

                    refused "8 embeddings and 7 labels" (y.narrow (0L, 0L, 7L))
                    refused "must be a vector" (y.unsqueeze 1L)
                    refused "whole numbers" (y.``float`` ())

                    throws<ArgumentException> "cannot both be left out" (fun () ->
                        loss.Compute(x, null, Tuples.All) |> ignore)

                    throws<ArgumentException> "must be a matrix" (fun () -> loss.Compute(x.flatten (), y) |> ignore)

                    throws<ArgumentException> "need labels of their own" (fun () ->
                        loss.Compute(x, y, Tuples.All, Known.r (), null) |> ignore))
            }

            test "losses with class weights say what they cannot take" {
                use _ = torch.NewDisposeScope()
                let x, y = Known.x (), Known.y ()

                for name, make in weighted do
                    use loss = make ()

                    let refused message (act: unit -> torch.Tensor) =
                        throws<ArgumentException> message (act >> ignore)

                    let wide = torch.randn (8L, 5L)
                    refused "embeddings of 5 numbers; these have 4" (fun () -> loss.Compute(x, y))

                    refused "classes 0 to 3; there are labels from 0 to 4" (fun () ->
                        loss.Compute(wide, vector [ 0; 1; 2; 3; 4; 0; 0; 0 ]))

                    refused "needs labels" (fun () -> loss.Compute(wide, null, Known.pairs ()))
                    refused "no reference embeddings" (fun () -> loss.Compute(wide, y, Tuples.All, wide.clone (), y))
            }

            test "formulas for one distance refuse others" {
                let euclidean = LpDistance()

                throws<ArgumentException> "CircleLoss needs CosineSimilarity" (fun () ->
                    new CircleLoss(Distance = euclidean) |> ignore)

                throws<ArgumentException> "SoftTripleLoss needs a similarity" (fun () ->
                    new SoftTripleLoss(3, 5, Distance = euclidean) |> ignore)

                throws<ArgumentException> "VICRegLoss uses no distance" (fun () ->
                    new VICRegLoss(Distance = euclidean) |> ignore)

                throws<ArgumentException> "ArcFaceLoss needs CosineSimilarity" (fun () ->
                    new ArcFaceLoss(3, 5, Distance = euclidean) |> ignore)
            }

            test "what all losses share is set where the loss is made, and refused once it is in use" {
                use _ = torch.NewDisposeScope()
                let lp = LpRegularizer()
                use loss = new ArcFaceLoss(4, 4, WeightRegWeight = 0.5)

                let settings: (string * (unit -> unit)) list =
                    [
                        "Distance", (fun () -> loss.Distance <- cosine ())
                        "Reducer", (fun () -> loss.Reducer <- SumReducer())
                        "EmbeddingRegularizer", (fun () -> loss.EmbeddingRegularizer <- lp)
                        "EmbeddingRegWeight", (fun () -> loss.EmbeddingRegWeight <- 0.5)
                        "CollectStats", (fun () -> loss.CollectStats <- true)
                        "WeightInitFunc", (fun () -> loss.WeightInitFunc <- fun weights -> weights.fill_ 1.0 |> ignore)
                        "WeightRegularizer", (fun () -> loss.WeightRegularizer <- lp)
                        "WeightRegWeight", (fun () -> loss.WeightRegWeight <- 1.0)
                    ]

                let reducer = loss.Reducer

                for _, set in settings do
                    set ()

                Expect.notEqual loss.Reducer reducer "one for each part"
                loss.Compute((Known.x ()).``float``(), Known.y ()) |> ignore
                Expect.equal (List.ofSeq loss.Stats.Keys) [ "loss" ] "collected"

                for name, set in settings do
                    throws<InvalidOperationException> $"ArcFaceLoss.{name} cannot change" set
            }

            test "losses made of losses take no distance" {
                let pairs () = new ContrastiveLoss()

                for make in
                    [
                        (fun () -> new CrossBatchMemory(pairs (), 4, Distance = cosine ()) :> Loss)
                        (fun () -> new MultipleLosses([ pairs () :> Loss ], Distance = cosine ()))
                        (fun () -> new SelfSupervisedLoss(pairs (), Distance = cosine ()))
                    ] do
                    throws<ArgumentException> "compares nothing itself" (make >> ignore)
            }

            test "one reducer serves many losses, each with its own statistics" {
                use _ = torch.NewDisposeScope()

                let reducer = ThresholdReducer(low = 0.0, CollectStats = true)

                use triplets = new TripletMarginLoss(Reducer = reducer)
                use pairs = new ContrastiveLoss(Reducer = reducer)
                let x, y = Known.x (), Known.y ()
                triplets.Compute(x, y) |> ignore
                pairs.Compute(x, y) |> ignore
                Expect.equal triplets.Reducer.Stats["losses_size"] 54.0 "triplets"
                Expect.isEmpty reducer.Stats "the one given was copied"
            }

            test "NCA: in training a batch without two of one class is 0, with gradients of 0" {
                use _ = torch.NewDisposeScope()
                use loss = new NCALoss()
                let x = (Known.x ()).requires_grad_ true
                let labels = torch.arange (x.size 0)
                let value = loss.Compute(x, labels, Tuples.All, null, null, Seed.ofInt64 1L)
                value.backward ()
                Expect.equal (number value) 0.0 "the loss"
                Expect.equal (number ((nonNull x.grad).abs().max())) 0.0 "the gradients"
                Expect.isTrue (Double.IsNaN(number (loss.Compute(x, labels)))) "by hand, as in the reference"
            }

            test "ArcFace: logits are scaled cosines without a margin" {
                use _ = torch.NewDisposeScope()
                use loss = new ArcFaceLoss(4, 4)
                loss.``to`` torch.float64 |> ignore
                let x = Known.x ()
                let weights = loss.WeightsLike x
                let logits = loss.GetLogits x

                let cosines =
                    torch.nn.functional.cosine_similarity (x.unsqueeze 1L, weights.t().unsqueeze 0L, 2L)

                Expect.isLessThan (number ((logits - cosines * 64.0).abs().max())) 1e-11 "logits"
            }
        ]

// Weights are made from libtorch's generator, which is one for the process: what looks at them runs alone.
let tests =
    testList "losses" [ known; LossDifferences.differences; testSequenced behaviour ]
