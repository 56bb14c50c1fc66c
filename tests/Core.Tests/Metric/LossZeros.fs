/// Batches without anything to compare.
module MetricLearning.Core.Tests.Metric.LossZeros

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches

let private isZero (name: string) (value: float, slope: float) =
    Expect.equal value 0.0 $"{name}: value"
    Expect.equal slope 0.0 $"{name}: gradient"

let tests =
    testList
        "nothing to compare"
        [
            // Each kind of pair has a cost of its own in the others.
            for name in
                [
                    "TripletMargin"
                    "TripletMargin with swap"
                    "NTXent"
                    "Margin"
                    "Circle"
                    "LiftedStructure"
                    "SupCon"
                    "TupletMargin"
                ] do
                testPropertyWithConfig
                    few
                    $"{name}: exactly 0, with gradients of exactly 0, in one class or in as many as samples"
                <| fun (PositiveInt count) (number: int) ->
                    let count = min count 12
                    let make = List.find (fst >> (=) name) relational |> snd

                    using make (fun loss ->
                        let alike, distinct =
                            vector (Seq.replicate count 5L), vector [ 0L .. int64 count - 1L ]

                        isZero name (valueAndSlope loss (embeddings number count) alike Tuples.All None)
                        isZero name (valueAndSlope loss (embeddings number count) distinct Tuples.All None))

            for name, make in relational do
                test $"{name}: exactly 0 where a miner finds nothing" {
                    using make (fun loss ->
                        let nothing = vector []

                        for tuples in
                            [
                                Tuples.Pairs(nothing, nothing, nothing, nothing)
                                Tuples.Triplets(nothing, nothing, nothing)
                            ] do
                            isZero name (valueAndSlope loss (Known.x ()) (Known.y ()) tuples None))
                }

            for name in
                [
                    "NTXent"
                    "LiftedStructure"
                    "TupletMargin"
                    "Circle"
                    "SupCon"
                    "TripletMargin"
                ] do
                test $"{name}: exactly 0 where tuples name pairs of one kind, whatever the reducer" {
                    let reducers: (unit -> Reducer) list =
                        [
                            fun () -> MeanReducer()
                            fun () -> SumReducer()
                            fun () -> AvgNonZeroReducer()
                            fun () -> ThresholdReducer(0.0)
                            fun () -> ClassWeightedReducer(torch.ones (4L, dtype = torch.float64))
                            fun () -> PerAnchorReducer(MeanReducer())
                        ]

                    let make = List.find (fst >> (=) name) relational |> snd
                    let some, nothing = vector [ 0; 3 ], vector []

                    for reducer in reducers do
                        for tuples in
                            [
                                Tuples.Pairs(some, vector [ 1; 4 ], nothing, nothing)
                                Tuples.Pairs(nothing, nothing, some, vector [ 5; 0 ])
                            ] do
                            let made () =
                                let loss = make ()
                                loss.Reducer <- reducer ()
                                loss

                            using made (fun loss ->
                                isZero name (valueAndSlope loss (Known.x ()) (Known.y ()) tuples None))
                }

            test "a learned β costs nothing without triplets" {
                for name, make in every |> List.filter (fun (name, _) -> name.StartsWith "Margin that") do
                    using make (fun loss ->
                        let rows = embeddings 1 4
                        isZero name (valueAndSlope loss rows (vector [ 1; 1; 1; 1 ]) Tuples.All None)
                        isZero name (valueAndSlope loss rows (vector [ 0; 1; 2; 3 ]) Tuples.All None))
            }

            test "embeddings that are not numbers show in the loss, whatever a miner made of them" {
                let nothing = vector []

                for name, make in relational do
                    using make (fun loss ->
                        let rows = Known.x ()
                        rows[2, 1] <- torch.tensor nan

                        let value tuples =
                            fst (valueAndSlope loss rows (Known.y ()) tuples None)

                        Expect.isTrue (Double.IsNaN(value Tuples.All)) $"{name}, all"

                        Expect.isTrue
                            (Double.IsNaN(value (Tuples.Pairs(nothing, nothing, nothing, nothing))))
                            $"{name}, none")
            }
        ]
