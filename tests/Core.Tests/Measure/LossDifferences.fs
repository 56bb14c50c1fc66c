module MetricLearning.Core.Tests.Measure.LossDifferences

open System
open Expecto
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Tests.Feed.Expectations
open MetricLearning.Core.Tests.Measure.Batches
open MetricLearning.Core.Tests.Measure.LossValues

let differences =
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
