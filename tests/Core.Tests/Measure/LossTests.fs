module MetricLearning.Core.Tests.Measure.LossTests

open System
open Expecto
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Tests.Feed.Expectations
open MetricLearning.Core.Tests.Measure.Batches

let private cosine () =
    { LossSettings.defaults with
        Distance = Distances.Cosine.distance Distances.Cosine.defaults
    }

let private reducedBy reducer =
    { LossSettings.defaults with
        Reducer = reducer
    }

let private triplet change =
    fun () -> TripletMargin.loss (change TripletMargin.defaults)

/// Name, loss, its value and sum of absolute gradients on the known batch, and on the known batch and reference set.
let private relationalValues: (string * (unit -> Loss) * (float * float) * (float * float) option) list =
    [
        "Circle", (fun () -> Circle.loss Circle.defaults), (196.41242257, 300.56706396), Some(65.04178235, 148.22247081)
        "Contrastive",
        (fun () -> Contrastive.loss Contrastive.defaults),
        (2.01175970, 2.50954107),
        Some(1.35429420, 0.85999201)
        "LiftedStructure",
        (fun () -> LiftedStructure.loss LiftedStructure.defaults),
        (6.72861853, 6.74749139),
        Some(4.14455171, 3.37417132)
        "Margin", (fun () -> Margin.loss Margin.defaults), (0.54029753, 1.15779373), Some(0.32219894, 0.73803601)
        "MultiSimilarity",
        (fun () -> MultiSimilarity.loss MultiSimilarity.defaults),
        (1.23554082, 1.57737618),
        Some(0.70411494, 0.86051315)
        "NCA", (fun () -> NCA.loss NCA.defaults), (2.55793106, 4.18209934), Some(1.39113925, 2.34329163)
        "NTXent", (fun () -> NTXent.loss NTXent.defaults), (12.90911408, 28.15709076), Some(3.33101818, 23.08763146)
        "TripletMargin", triplet id, (0.56390526, 1.68006225), Some(0.16496827, 1.24282321)
        "TripletMargin with swap", triplet (fun options -> { options with Swap = true }), (0.77322750, 2.52556145), None
        "smooth TripletMargin",
        triplet (fun options -> { options with SmoothLoss = true }),
        (0.83772814, 0.92340458),
        None
        "TripletMargin on the cosine",
        (fun () -> TripletMargin.lossWith (cosine ()) TripletMargin.defaults),
        (0.74715168, 2.51843531),
        None
        "the mean of TripletMargin",
        (fun () -> TripletMargin.lossWith (reducedBy (Reducers.Mean.reducer ())) TripletMargin.defaults),
        (0.33416608, 0.99559244),
        None
        "Contrastive on the cosine",
        (fun () -> Contrastive.lossWith (cosine ()) { PosMargin = 1.0; NegMargin = 0.0 }),
        (1.72925424, 2.88573341),
        None
        "NTXent on a distance",
        (fun () ->
            NTXent.lossWith
                { LossSettings.defaults with
                    Distance = Distances.Lp.distance Distances.Lp.defaults
                }
                NTXent.defaults),
        (12.35167288, 23.35497456),
        None
        "NTXent by anchor",
        (fun () -> NTXent.lossWith (reducedBy (Reducers.PerAnchor.reducer (Reducers.Mean.reducer ()))) NTXent.defaults),
        (13.18876130, 25.77322030),
        None
    ]

/// Name, loss, weights, its value and sum of absolute gradients on the known batch, and with the known tuple.
let private weightedValues: (string * WeightedLoss * torch.Tensor * (float * float) * (float * float)) list =
    [
        "ArcFace",
        ArcFace.loss (ArcFace.defaults 4 4),
        Known.w 4 4,
        (67.31632074, 57.42223327),
        (18.59718057, 18.37740563)
        "ProxyAnchor",
        ProxyAnchor.loss (ProxyAnchor.defaults 4 4),
        (Known.w 4 4).t(),
        (47.10046891, 48.08919387),
        (45.60095162, 48.07656847)
        "ProxyNCA",
        ProxyNCA.loss (ProxyNCA.defaults 4 4),
        (Known.w 4 4).t(),
        (2.05969456, 1.63761553),
        (0.18507483, 0.08893106)
    ]

let private compare what (value, slope) (expectedValue, expectedSlope) =
    isNear 1e-8 value expectedValue $"{what}: loss"
    isNear 1e-8 slope expectedSlope $"{what}: gradient"

let private known =
    testList
        "as the reference"
        [
            for name, make, batch, withReferences in relationalValues do
                test name {
                    using make (fun loss ->
                        let x, y = Known.x (), Known.y ()
                        compare name (valueAndSlope loss x y Tuples.All None) batch

                        match withReferences with
                        | None -> ()
                        | Some expected ->
                            let references = Some(Known.r (), Known.ry ())
                            compare $"{name}, references" (valueAndSlope loss x y Tuples.All references) expected)
                }

            for name, loss, weights, plain, withTuple in weightedValues do
                test name {
                    use _ = torch.NewDisposeScope()
                    loss.``to`` torch.float64 |> ignore

                    for parameter in loss.parameters () do
                        use _ = torch.no_grad ()
                        parameter.copy_ weights |> ignore

                    compare name (valueAndSlope loss (Known.x ()) (Known.y ()) Tuples.All None) plain

                    compare
                        $"{name}, tuple"
                        (valueAndSlope loss (Known.x ()) (Known.y ()) (Known.pairs ()) None)
                        withTuple
                }
        ]

/// What this library answers differently on purpose.
let private differences =
    testList
        "differently from the reference"
        [
            test "one positive and one negative pair are enough" {
                use _ = torch.NewDisposeScope()
                let anchor, positive, negative = vector [ 0 ], vector [ 2 ], vector [ 5 ]

                for name, make in relational do
                    using make (fun loss ->
                        let x = Known.x ()

                        let value, _ =
                            valueAndSlope loss x null (Tuples.Pairs(anchor, positive, anchor, negative)) None

                        Expect.isGreaterThan value 0.0 name)
            }

            test "swap takes the reference set's own distances, however large it is" {
                let options =
                    { TripletMargin.defaults with
                        Swap = true
                    }

                use _ = torch.NewDisposeScope()
                // Two query rows, three references; distances by hand.
                let rows = float64([| 1.0; 0.0; 0.0; 1.0 |]).reshape(2L, 2L)

                let angle degrees =
                    [| cos (degrees * Math.PI / 180.0); sin (degrees * Math.PI / 180.0) |]

                let references =
                    float64(Array.concat [ angle 10.0; angle 80.0; angle 20.0 ]).reshape(3L, 2L)

                let chord degrees = 2.0 * sin (degrees * Math.PI / 360.0)

                let value, _ =
                    valueAndSlope
                        (TripletMargin.loss options)
                        rows
                        null
                        (Tuples.Triplets(vector [ 0 ], vector [ 0 ], vector [ 2 ]))
                        (Some(references, vector [ 0; 1; 1 ]))

                // d(a,p) = 10°, d(a,n) = 20°, d(p,n) = 10°: the nearer one counts.
                isNear 1e-12 value (chord 10.0 - chord 10.0 + 0.05) "loss"
            }

            test "class weights are those of each anchor's own class" {
                use _ = torch.NewDisposeScope()
                let weights = float64 [| 0.5; 2.0; 1.0; 0.25 |]

                let by (reducer: Reducer) =
                    use loss = MultiSimilarity.lossWith (reducedBy reducer) MultiSimilarity.defaults
                    loss.Compute(Known.x (), Known.y ())

                let each = by (Reducers.DoNothing.reducer ())
                let expected = (each * weights.index_select (0L, Known.y ())).mean()
                isNear 1e-12 (number (by (Reducers.ClassWeighted.reducer weights))) (number expected) "mean"
            }

            test "LiftedStructure can be reduced by anchor" {
                use _ = torch.NewDisposeScope()

                let by reducer =
                    LiftedStructure.lossWith (reducedBy reducer) LiftedStructure.defaults

                use loss = by (Reducers.DoNothing.reducer ())
                let each = loss.Compute(Known.x (), Known.y ()) |> floats
                let struct (anchors, _) = Tuples.places (Tuples.matches (Known.y ()) null)

                let means =
                    Array.zip (numbers anchors) each
                    |> Array.groupBy fst
                    |> Array.map (fun (_, ofAnchor) -> Array.averageBy snd ofAnchor)

                use anchored = by (Reducers.PerAnchor.reducer (Reducers.Sum.reducer ()))
                isNear 1e-12 (number (anchored.Compute(Known.x (), Known.y ()))) (Array.sum means) "sum of means"
            }
        ]

let private behaviour =
    testList
        "behaviour"
        [
            test "regularizers of embeddings and weights are added" {
                use _ = torch.NewDisposeScope()
                let lp = Regularizers.Lp.regularizer Regularizers.Lp.defaults
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
                        Distance = Distances.Lp.distance Distances.Lp.defaults
                    }

                throws<ArgumentException> "CircleLoss needs CosineSimilarity" (fun () ->
                    Circle.lossWith euclidean Circle.defaults |> ignore)

                throws<ArgumentException> "ArcFaceLoss needs CosineSimilarity" (fun () ->
                    ArcFace.lossWith euclidean WeightSettings.defaults (ArcFace.defaults 3 5)
                    |> ignore)
            }

            test "one reducer serves many losses, each with its own statistics" {
                use _ = torch.NewDisposeScope()

                let reducer =
                    Reducers.Threshold.reducer
                        { Reducers.Threshold.none with
                            Low = Nullable 0.0
                            CollectStats = Nullable true
                        }

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

let tests = testList "losses" [ known; differences; behaviour ]
