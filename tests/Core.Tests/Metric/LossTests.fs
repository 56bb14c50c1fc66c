module MetricLearning.Core.Tests.Metric.LossTests

open MetricLearning.Core.Tests.Support
open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
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

                    ArcFace.lossWith
                        { LossSettings.defaults with
                            EmbeddingRegularizer = lp
                            EmbeddingRegWeight = embeddingWeight
                        }
                        { WeightSettings.defaults with
                            Regularizer = lp
                            RegWeight = weightWeight
                        }
                        (ArcFace.defaults 4 4)

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
                    Margin.loss
                        { Margin.defaults with
                            LearnBeta = true
                            NumClasses = classes
                        }

                Expect.equal (shapes (ArcFace.loss (ArcFace.defaults 3 5))) [ "W", [ 5L; 3L ] ] "D × C"
                Expect.equal (shapes (ProxyNCA.loss (ProxyNCA.defaults 3 5))) [ "proxies", [ 3L; 5L ] ] "C × D"
                Expect.equal (shapes (ProxyAnchor.loss (ProxyAnchor.defaults 3 5))) [ "proxies", [ 3L; 5L ] ] "C × D"
                Expect.equal (shapes (CosFace.loss (CosFace.defaults 3 5))) [ "W", [ 5L; 3L ] ] "D × C"
                Expect.equal (shapes (SoftTriple.loss (SoftTriple.defaults 3 5))) [ "fc", [ 5L; 30L ] ] "D × C·K"
                Expect.equal (shapes (P2SGrad.loss (P2SGrad.defaults 5 3))) [ "weight", [ 5L; 3L ] ] "D × C"
                Expect.equal (shapes (Manifold.loss (Manifold.defaults 5))) [ "proxies", [ 50L; 5L ] ] "K × l"
                Expect.equal (shapes (beta (Nullable()))) [ "beta", [ 1L ] ] "one"
                Expect.equal (shapes (beta (Nullable 3))) [ "beta", [ 3L ] ] "one a class"
                Expect.isEmpty (shapes (Margin.loss Margin.defaults)) "β is not learned"
            }

            test "weights start as torch.manual_seed and the given function say" {
                let weights settings =
                    torch.manual_seed 3L |> ignore
                    use loss = ArcFace.lossWith LossSettings.defaults settings (ArcFace.defaults 3 5)
                    floats (Seq.head (loss.parameters ()))

                Expect.equal (weights WeightSettings.defaults) (weights WeightSettings.defaults) "seed"

                let ones =
                    { WeightSettings.defaults with
                        Init = Action<_>(fun weights -> weights.fill_ (1.0.ToScalar()) |> ignore)
                    }

                Expect.equal (weights ones) (Array.create 15 1.0) "function"
            }

            test "random triplets follow the seed, or libtorch's generator" {
                let random () =
                    TripletMargin.loss
                        { TripletMargin.defaults with
                            TripletsPerAnchor = Nullable 2
                        }

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
                using (triplet id) (fun loss ->
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
                let euclidean =
                    { LossSettings.defaults with
                        Distance = LpDistance()
                    }

                throws<ArgumentException> "CircleLoss needs CosineSimilarity" (fun () ->
                    Circle.lossWith euclidean Circle.defaults |> ignore)

                throws<ArgumentException> "SoftTripleLoss needs a similarity" (fun () ->
                    SoftTriple.lossWith euclidean WeightSettings.defaults (SoftTriple.defaults 3 5)
                    |> ignore)

                throws<ArgumentException> "VICRegLoss uses no distance" (fun () ->
                    VICReg.lossWith euclidean VICReg.defaults |> ignore)

                throws<ArgumentException> "ArcFaceLoss needs CosineSimilarity" (fun () ->
                    ArcFace.lossWith euclidean WeightSettings.defaults (ArcFace.defaults 3 5)
                    |> ignore)
            }

            test "one reducer serves many losses, each with its own statistics" {
                use _ = torch.NewDisposeScope()

                let reducer = ThresholdReducer(low = 0.0, CollectStats = true)

                use triplets = TripletMargin.lossWith (reducedBy reducer) TripletMargin.defaults
                use pairs = Contrastive.lossWith (reducedBy reducer) Contrastive.defaults
                let x, y = Known.x (), Known.y ()
                triplets.Compute(x, y) |> ignore
                pairs.Compute(x, y) |> ignore
                Expect.equal triplets.Reducer.Stats["losses_size"] 54.0 "triplets"
                Expect.isEmpty reducer.Stats "the one given was copied"
            }

            test "NCA: in training a batch without two of one class is 0, with gradients of 0" {
                use _ = torch.NewDisposeScope()
                use loss = NCA.loss NCA.defaults
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
                let options = ArcFace.defaults 4 4
                use loss = ArcFace.loss options
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
