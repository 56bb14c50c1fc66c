module MetricLearning.Core.Tests.Measure.LossProps

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Tests.Feed.Expectations
open MetricLearning.Core.Tests.Measure.Batches

/// The derivative along a direction, by central differences.
let private slopeAlong (direction: torch.Tensor) (value: torch.Tensor -> torch.Tensor) (at: torch.Tensor) : float =
    use _ = torch.no_grad ()
    let step = 1e-6
    let ahead, behind = value (at + direction * step), value (at - direction * step)
    (number ahead - number behind) / (2.0 * step)

let private direction (like: torch.Tensor) =
    use generator = new torch.Generator 17uL
    torch.randn (like.shape, dtype = torch.float64, generator = generator)

let private labels = [ 0; 0; 1; 1; 2; 3; 3; 3; 0; 1 ]

let private inputs (number: int) : (string * (torch.Tensor * Tuples * (torch.Tensor * torch.Tensor) option)) list =
    let rows = embeddings number 10
    let classes = vector (Seq.map int64 labels)
    let struct (a1, p, a2, n) = Tuples.allPairs classes null
    let struct (a, tp, tn) = Tuples.allTriplets classes null

    let every step (indices: torch.Tensor) =
        indices.slice (0L, 0L, indices.size 0, step)

    [
        "all", (rows, Tuples.All, None)
        "pairs", (rows, Tuples.Pairs(every 2L a1, every 2L p, every 3L a2, every 3L n), None)
        "triplets", (rows, Tuples.Triplets(every 5L a, every 5L tp, every 5L tn), None)
        "references", (rows, Tuples.All, Some(embeddings (number + 1) 6, vector [ 0; 1; 2; 3; 0; 1 ]))
    ]

let private compute (loss: Loss) (labels: torch.Tensor) (rows: torch.Tensor) (tuples: Tuples) references =
    match references with
    | None -> loss.Compute(rows, labels, tuples, null, null, seed)
    | Some(refRows, refLabels) -> loss.Compute(rows, labels, tuples, refRows, refLabels, seed)

// Circle's weights are constants by definition, so its gradient is no derivative of its value.
let private differentiable =
    every |> List.filter (fun (name, _) -> name <> "Circle")

let private takesReferences (name: string) =
    weighted |> List.forall (fun (other, _) -> other <> name)

let private gradients =
    testList
        "gradients are derivatives"
        [
            for name, make in differentiable do
                for number in 1..3 do
                    test $"{name}, batch {number}" {
                        using make (fun loss ->
                            let classes = vector (Seq.map int64 labels)

                            for what, (rows, tuples, references) in inputs number do
                                if references.IsNone || takesReferences name then
                                    let rows = rows.detach().clone().requires_grad_ true
                                    loss.zero_grad ()
                                    (compute loss classes rows tuples references).backward()

                                    let agrees what (slope: float) (leaf: torch.Tensor) (along: torch.Tensor) =
                                        isNear
                                            1e-5
                                            (Batches.number ((gradient leaf * along).sum()))
                                            slope
                                            $"{name}, {what}"

                                    let along = direction rows

                                    let ofRows at =
                                        compute loss classes at tuples references

                                    agrees what (slopeAlong along ofRows (rows.detach ())) rows along

                                    for parameter in loss.parameters () do
                                        let along, start = direction parameter, parameter.detach().clone()

                                        let ofParameter (at: torch.Tensor) =
                                            parameter.copy_ at |> ignore
                                            let value = compute loss classes (rows.detach ()) tuples references
                                            parameter.copy_ start |> ignore
                                            value

                                        agrees
                                            $"{what}, parameter"
                                            (slopeAlong along ofParameter start)
                                            parameter
                                            along)
                    }

            test "Circle: of the formula with its weights held" {
                use _ = torch.NewDisposeScope()
                let m, gamma = 0.4, 20.0
                let rows = (embeddings 4 10).requires_grad_ true
                let classes = vector (Seq.map int64 labels)

                use loss =
                    Circle.lossWith
                        { LossSettings.defaults with
                            Reducer = Reducers.Sum.reducer ()
                        }
                        { M = m; Gamma = gamma }

                loss.Compute(rows, classes).backward()

                let similarities (at: torch.Tensor) =
                    let normal = torch.nn.functional.normalize at
                    let values = floats (normal.mm (normal.t ()))
                    Array2D.init 10 10 (fun i j -> values[10 * i + j])

                let held = similarities (rows.detach ())
                let logSumExp values = values |> Seq.sumBy exp |> log

                let value (at: torch.Tensor) =
                    let s = similarities at

                    torch.tensor (
                        Seq.sum
                            [
                                for i in 0..9 do
                                    let positive =
                                        [
                                            for j in 0..9 do
                                                if i <> j && labels[i] = labels[j] then
                                                    j
                                        ]

                                    let negative =
                                        [
                                            for j in 0..9 do
                                                if labels[i] <> labels[j] then
                                                    j
                                        ]

                                    if not positive.IsEmpty && not negative.IsEmpty then
                                        let pull =
                                            logSumExp
                                                [
                                                    for j in positive ->
                                                        -gamma * max 0.0 (1.0 + m - held[i, j]) * (s[i, j] - (1.0 - m))
                                                ]

                                        let push =
                                            logSumExp
                                                [
                                                    for j in negative ->
                                                        gamma * max 0.0 (held[i, j] + m) * (s[i, j] - m)
                                                ]

                                        log (1.0 + exp (pull + push))
                            ]
                    )

                let along = direction rows
                isNear 1e-10 (number (loss.Compute(rows.detach (), classes))) (number (value (rows.detach ()))) "value"

                isNear
                    1e-5
                    (number ((gradient rows * along).sum()))
                    (slopeAlong along value (rows.detach ()))
                    "gradient"
            }
        ]

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

                use loss =
                    TripletMargin.lossWith
                        { LossSettings.defaults with
                            Reducer = Reducers.Sum.reducer ()
                        }
                        { TripletMargin.defaults with
                            Margin = 2.0
                        }

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
                        let rows = torch.ones (4L, 5L, dtype = torch.float64)
                        let value, slope = valueAndSlope loss rows (vector [ 0; 0; 1; 1 ]) Tuples.All None
                        Expect.isTrue (Double.IsFinite value && Double.IsFinite slope) $"{name}: {value}, {slope}")
            }

            test "an embedding on its class weight gives finite gradients" {
                use _ = torch.NewDisposeScope()
                use loss = ArcFace.loss (ArcFace.defaults 4 5)

                let rows =
                    (loss.WeightsLike(torch.zeros 1L)).t().detach().clone().requires_grad_ true

                loss.Compute(rows, vector [ 0; 1; 2; 3 ]).backward()
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

let private isZero (name: string) (value: float, slope: float) =
    Expect.equal value 0.0 $"{name}: value"
    Expect.equal slope 0.0 $"{name}: gradient"

let private zeros =
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

let tests = testList "properties of losses" [ gradients; values; zeros; memory ]
