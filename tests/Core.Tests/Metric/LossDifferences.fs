module MetricLearning.Core.Tests.Metric.LossDifferences

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.LossValues

let differences =
    testList
        "differently from the reference"
        [
            test "one positive and one negative pair are enough" {
                use _ = torch.NewDisposeScope()
                let anchor, positive, negative = vector [ 0 ], vector [ 2 ], vector [ 5 ]

                // A single pair does not vary.
                for name, make in relational |> List.filter (fun (name, _) -> name <> "IntraPairVariance") do
                    using make (fun loss ->
                        let x = Known.x ()

                        let value, _ =
                            valueAndSlope loss x null (Tuples.Pairs(anchor, positive, anchor, negative)) None

                        Expect.isGreaterThan value 0.0 name)
            }

            test "swap takes the reference set's own distances, however large it is" {
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
                        (new TripletMarginLoss(swap = true))
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
                    use loss = new MultiSimilarityLoss(Reducer = reducer)
                    loss.Compute(Known.x (), Known.y ())

                let each = by (DoNothingReducer())
                let expected = (each * weights.index_select (0L, Known.y ())).mean()
                isNear 1e-12 (number (by (ClassWeightedReducer(weights)))) (number expected) "mean"
            }

            test "class weights are those of each row's or pair's own anchor" {
                use _ = torch.NewDisposeScope()
                let weights = float64 [| 0.5; 2.0; 1.0; 0.25 |]
                let struct (ofPairs, _) = Tuples.places (Tuples.matches (Known.y ()) null)
                let ofRows = torch.arange 8L

                for name, make, anchors in
                    [
                        "GeneralizedLiftedStructure",
                        (fun reducer -> new GeneralizedLiftedStructureLoss(Reducer = reducer) :> Loss),
                        ofRows
                        "TupletMargin", (fun reducer -> new TupletMarginLoss(Reducer = reducer) :> Loss), ofPairs
                        "Angular", (fun reducer -> new AngularLoss(Reducer = reducer) :> Loss), ofPairs
                    ] do
                    let by (reducer: Reducer) =
                        use loss: Loss = make reducer
                        loss.Compute(Known.x (), Known.y ())

                    let ofAnchors = weights.index_select (0L, (Known.y ()).index_select(0L, anchors))
                    let expected = (by (DoNothingReducer()) * ofAnchors).mean()
                    isNear 1e-12 (number (by (ClassWeightedReducer(weights)))) (number expected) name
            }

            test "ThresholdConsistentMargin compares with the reference set" {
                use _ = torch.NewDisposeScope()
                use loss = new ThresholdConsistentMarginLoss()
                let x, r = Known.x (), (Known.r ()).requires_grad_ true

                let similarity = CosineSimilarity().Matrix(x, r) |> floats

                let y, ry = numbers (Known.y ()), numbers (Known.ry ())

                let mean same excess =
                    [
                        for i in 0..7 do
                            for j in 0..4 do
                                let found = excess similarity[5 * i + j]

                                if (y[i] = ry[j]) = same && found >= 0.0 then
                                    found
                    ]
                    |> function
                        | [] -> 0.0
                        | found -> List.average found

                let value = loss.Compute(x, Known.y (), Tuples.All, r, Known.ry ())
                value.backward ()
                isNear 1e-12 (number value) (mean true (fun s -> 0.9 - s) + mean false (fun s -> s - 0.5)) "loss"
                Expect.isGreaterThan (number ((gradient r).abs().sum())) 0.0 "gradient of the references"
            }

            test "Histogram: a similarity of 1 falls into the last bin" {
                use _ = torch.NewDisposeScope()

                use loss = new HistogramLoss(nBins = 10)

                let rows = torch.cat ([| Known.x (); (Known.x ()).narrow(0L, 0L, 4L) |], 0L)
                let labels = torch.cat ([| Known.y (); (Known.y ()).narrow(0L, 0L, 4L) |], 0L)
                let value, slope = valueAndSlope loss rows labels Tuples.All None
                Expect.isTrue (value > 0.0 && Double.IsFinite value && Double.IsFinite slope) $"{value}, {slope}"

                // All positives alike, all negatives opposite: no negative is more similar than a positive.
                let apart = float64([| 1.0; 0.0; 1.0; 0.0; -1.0; 0.0; -1.0; 0.0 |]).reshape(4L, 2L)
                isNear 1e-12 (fst (valueAndSlope loss apart (vector [ 0; 0; 1; 1 ]) Tuples.All None)) 0.0 "ordered"
                isNear 1e-12 (fst (valueAndSlope loss apart (vector [ 0; 1; 0; 1 ]) Tuples.All None)) 1.0 "disordered"
            }

            test "LiftedStructure can be reduced by anchor" {
                use _ = torch.NewDisposeScope()

                let by reducer =
                    new LiftedStructureLoss(Reducer = reducer)

                use loss = by (DoNothingReducer())
                let each = loss.Compute(Known.x (), Known.y ()) |> floats
                let struct (anchors, _) = Tuples.places (Tuples.matches (Known.y ()) null)

                let means =
                    Array.zip (numbers anchors) each
                    |> Array.groupBy fst
                    |> Array.map (fun (_, ofAnchor) -> Array.averageBy snd ofAnchor)

                use anchored = by (PerAnchorReducer(SumReducer()))
                isNear 1e-12 (number (anchored.Compute(Known.x (), Known.y ()))) (Array.sum means) "sum of means"
            }
        ]
