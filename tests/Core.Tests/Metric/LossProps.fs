module MetricLearning.Core.Tests.Metric.LossProps

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Metric.LossGradients

// The first pair of a class; the sample at the rank of the label.
let private isOrdered (name: string) = name = "NPairs" || name = "Instance"

let private values =
    testList
        "values"
        [
            for name, make in every do
                testPropertyWithConfig few $"{name}: finite and not negative"
                <| fun (NonEmptyArray(codes: byte[])) (number: int) ->
                    using make (fun loss ->
                        // Two of a class and one of another, so that there is something to compare.
                        let labels = Array.append [| 0L; 0L; 1L |] (classes codes)

                        let value, slope =
                            valueAndSlope loss (embeddings number labels.Length) (vector labels) Tuples.All None

                        Expect.isTrue (Double.IsFinite value && value >= -1e-12) $"value {value}"
                        Expect.isTrue (Double.IsFinite slope) $"gradient {slope}")

            for name, make in every |> List.filter (fun (name, _) -> not (isOrdered name)) do
                testPropertyWithConfig few $"{name}: the order of the batch does not matter"
                <| fun (NonEmptyArray(codes: byte[])) (number: int) ->
                    using make (fun loss ->
                        let labels = Array.append [| 0L; 0L; 1L |] (classes codes)
                        let rows = embeddings number labels.Length

                        let order =
                            vector (Seed.shuffle [| 0L .. int64 labels.Length - 1L |] (Seed.ofInt64 (int64 number)))

                        let labels = vector labels
                        let value, slope = valueAndSlope loss rows labels Tuples.All None

                        let shuffled, slopeShuffled =
                            valueAndSlope
                                loss
                                (rows.index_select (0L, order))
                                (labels.index_select (0L, order))
                                Tuples.All
                                None

                        isNear 1e-10 shuffled value "value"
                        isNear 1e-10 slopeShuffled slope "gradient")

            for name, make in relational do
                testPropertyWithConfig few $"{name}: all pairs are what it takes by itself"
                <| fun (NonEmptyArray(codes: byte[])) (number: int) ->
                    using make (fun loss ->
                        let labels = vector (Array.append [| 0L; 0L; 1L |] (classes codes))
                        let rows = embeddings number (int (labels.size 0))
                        let struct (a1, p, a2, n) = Tuples.allPairs labels null
                        let alone, slopeAlone = valueAndSlope loss rows labels Tuples.All None

                        let listed, slopeListed =
                            valueAndSlope loss rows labels (Tuples.Pairs(a1, p, a2, n)) None

                        isNear 1e-10 listed alone "value"
                        isNear 1e-10 slopeListed slopeAlone "gradient")

            for name, make in
                relational
                |> List.filter (fun (name, _) -> name.StartsWith "TripletMargin" || name = "Margin") do
                testPropertyWithConfig few $"{name}: all triplets are what it takes by itself"
                <| fun (NonEmptyArray(codes: byte[])) (number: int) ->
                    using make (fun loss ->
                        let labels = vector (Array.append [| 0L; 0L; 1L |] (classes codes))
                        let rows = embeddings number (int (labels.size 0))
                        let struct (a, p, n) = Tuples.allTriplets labels null
                        let alone, slopeAlone = valueAndSlope loss rows labels Tuples.All None

                        let listed, slopeListed =
                            valueAndSlope loss rows labels (Tuples.Triplets(a, p, n)) None

                        isNear 1e-10 listed alone "value"
                        isNear 1e-10 slopeListed slopeAlone "gradient")

            test "a negative pair that is listed twice makes its triplets twice" {
                use _ = torch.NewDisposeScope()

                let a1, p, a2, n =
                    vector [ 0; 3 ], vector [ 1; 4 ], vector [ 0; 0; 3 ], vector [ 3; 3; 0 ]

                let twice, once =
                    Tuples.Pairs(a1, p, a2, n), Tuples.Pairs(a1, p, vector [ 0; 3 ], vector [ 3; 0 ])

                use loss = new TripletMarginLoss(margin = 2.0, Reducer = SumReducer())

                let value tuples =
                    fst (valueAndSlope loss (Known.x ()) null tuples None)

                let ofTriplet a p n =
                    value (Tuples.Triplets(vector [ a ], vector [ p ], vector [ n ]))

                isNear 1e-12 (value once) (ofTriplet 0 1 3 + ofTriplet 3 4 0) "once"
                isNear 1e-12 (value twice) (2.0 * ofTriplet 0 1 3 + ofTriplet 3 4 0) "twice"
            }

            test "identical embeddings give finite gradients" {
                for name, make in every do
                    using make (fun loss ->
                        let all = embeddings 3 1

                        let alike =
                            [
                                all.expand(4L, 5L).contiguous()
                                // Of a constant the signal is 0, and its ratio no number, as in the reference.
                                if name <> "SignalToNoiseRatioContrastive" then
                                    torch.ones (4L, 5L, dtype = torch.float64)
                            ]

                        for rows in alike do
                            let value, slope = valueAndSlope loss rows (vector [ 0; 0; 1; 1 ]) Tuples.All None
                            Expect.isTrue (Double.IsFinite value && Double.IsFinite slope) $"{name}: {value}, {slope}")
            }

            for name, make in weighted do
                test $"{name}: embeddings on and opposite their class weights give finite gradients" {
                    use _ = torch.NewDisposeScope()
                    use loss = make ()
                    let weights = loss.WeightsLike(torch.zeros 1L)

                    let rows =
                        if weights.size 0 = 5L then
                            weights.t().narrow(0L, 0L, 4L)
                        else
                            weights

                    let rows = torch.cat([| rows; rows.neg () |], 0L).detach().requires_grad_ true
                    loss.Compute(rows, vector [ 0; 1; 2; 3; 0; 1; 2; 3 ]).backward()
                    Expect.all (floats (gradient rows)) Double.IsFinite "gradient"
                }

            for dtype in [ torch.float32; torch.float16; torch.bfloat16 ] do
                test $"{dtype}: finite, and of the embeddings' type" {
                    for name, make in every do
                        use _ = torch.NewDisposeScope()
                        use loss = make ()
                        let rows = (embeddings 3 12).``to``(dtype).detach().requires_grad_ true
                        let value = loss.Compute(rows, vector [ 0; 0; 0; 1; 1; 1; 2; 2; 2; 3; 3; 3 ])
                        value.backward ()
                        Expect.equal value.dtype dtype name
                        Expect.isTrue (Double.IsFinite(number value)) $"{name}: {number value}"
                        Expect.all (floats (gradient rows)) Double.IsFinite name
                }
        ]

let private memory =
    testSequenced (
        test "no tensor outlives its scope" {
            let losses = [ for name, make in every -> name, make () ]

            for name, loss in losses do
                let run () =
                    use _ = torch.NewDisposeScope()
                    let rows = (embeddings 2 8).``to``(torch.float32).requires_grad_ true
                    loss.Compute(rows, Known.y () % 4L).backward()
                    loss.zero_grad ()

                leavesNoTensors run

            for _, loss in losses do
                loss.Dispose()
        }
    )

let tests =
    testList "properties of losses" [ gradients; values; LossZeros.tests; memory ]
