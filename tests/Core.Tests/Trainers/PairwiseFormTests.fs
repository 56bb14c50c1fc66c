/// Losses on synthetic triplets compute the entries they need: the same numbers as from the whole matrix.
module MetricLearning.Core.Tests.Trainers.PairwiseFormTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Metric.OwnTests
open MetricLearning.Core.Tests.Support.Contexts

let private triplets = 24

let private valueOf = number

/// Embeddings of anchors, positives and synthetic negatives, in that order.
let private synthetic (number: int) : Mined =
    let place (part: int) =
        vector [ for row in 0 .. triplets - 1 -> int64 (part * triplets + row) ]

    Mined(
        (embeddings number (3 * triplets)).requires_grad_ true,
        vector [ for row in 0 .. 3 * triplets - 1 -> int64 (row % 5) ],
        Tuples.Triplets(place 0, place 1, place 2)
    )

let private euclidean = LpDistance()

/// d(a, p), d(a, n) and d(p, n) of all triplets, out of the matrix of all distances.
let private fromMatrix (mined: Mined) =
    let matrix = euclidean.Matrix(mined.Embeddings, null)
    Expect.equal (matrix.size 0) (int64 (3 * triplets)) "all with all"

    match mined.Tuples with
    | Tuples.Triplets(a, p, n) -> matrix.index (a, p), matrix.index (a, n), matrix.index (p, n)
    | other -> failtest $"{other}"

let private meanOfPositive (values: torch.Tensor) =
    values.sum () / values.gt(0.0.ToScalar()).sum()

let private softplus (values: torch.Tensor) = torch.log1p (values.exp ())

let private near (what: string) (computed: Mined -> torch.Tensor) (expected: Mined -> torch.Tensor) =
    test what {
        use _ = torch.NewDisposeScope()

        for number in 1..5 do
            let valueAndGradient (loss: Mined -> torch.Tensor) =
                let mined = synthetic number
                let value = loss mined
                value.backward ()
                value, gradient mined.Embeddings

            let value, slope = valueAndGradient computed
            let expected, expectedSlope = valueAndGradient expected
            Expect.isGreaterThan (abs (valueOf expected)) 0.0 "there is a loss"
            isNear 1e-9 (valueOf value) (valueOf expected) "value"
            let difference = valueOf ((slope - expectedSlope).abs().max())
            Expect.isLessThanOrEqual difference 1e-9 "gradients of the embeddings"
    }

/// The form of a triplet margin loss.
type private Form = { Swap: bool; Smooth: bool }

let private synthLoss (loss: unit -> Loss) (mined: Mined) =
    let ctx = context [] [ Keys.SynthLoss, loss () ] [] [ Keys.SynthLoss ] 1L
    Objective.lossOf Keys.SynthLoss ctx mined

let private margin = 0.2

let private adversarial (form: Form) (mined: Mined) =
    let loss =
        // Its distance is not what counts.
        new TripletMarginLoss(
            margin,
            form.Swap,
            form.Smooth,
            Distance = CosineSimilarity(),
            Reducer = AvgNonZeroReducer()
        )

    let ctx =
        context [] [ Keys.GeneratorAdversarialLoss, loss ] [] [ Keys.GeneratorAdversarialLoss ] 1L

    SyntheticNegatives.adversarial Keys.GeneratorAdversarialLoss ctx mined

let private forms =
    [
        "plain", { Swap = false; Smooth = false }
        "swap", { Swap = true; Smooth = false }
        "smooth", { Swap = false; Smooth = true }
        "swap and smooth", { Swap = true; Smooth = true }
    ]

let private shaped (form: Form) (violation: torch.Tensor) =
    if form.Smooth then
        softplus violation
    else
        violation.relu ()
    |> meanOfPositive

/// How a distance's entries are found.
let private entriesOf (distance: Distance) (wanted: int64) query reference (rows: torch.Tensor) columns =
    let input = MetricInput(query, null, Tuples.All, reference, null, lazy seed)
    DistanceEntries.Of(distance, input, wanted).At(rows, columns)

let private distances: (string * Distance) list =
    let both (make: bool -> float -> Distance) name =
        [
            for normalised in [ true; false ] do
                for power in [ 1.0; 2.0 ] do
                    let how = if normalised then "normalised" else "as they are"
                    $"{name}, {how}, to the power {power}", make normalised power
        ]

    [
        for p in [ 1.0; 2.0; 3.0 ] do
            yield!
                both
                    (fun normalised power -> LpDistance(p = p, normalizeEmbeddings = normalised, power = power))
                    $"Lp {p}"
        yield!
            both
                (fun normalised power -> DotProductSimilarity(normalizeEmbeddings = normalised, power = power))
                "dot product"
        yield!
            both
                (fun normalised power -> SNRDistance(normalizeEmbeddings = normalised, power = power))
                "signal to noise"
        "cosine", CosineSimilarity()
        "a user's own", Chebyshev()
    ]

/// A Euclidean distance that will not make a matrix.
let private withoutMatrix =
    { new Distance("Own", false) with
        override _.Kind = DistanceKind.Lp
        override _.ComputeMatrix(_, _) = failtest "a matrix was made"
        override _.PairwiseDistance(query, reference) = Norms.pairs 2.0 query reference
    }

let tests =
    testList
        "losses on synthetic triplets are those of the matrix"
        [
            for name, form in forms do
                near
                    $"triplet margin, {name}"
                    (synthLoss (fun () -> new TripletMarginLoss(margin, form.Swap, form.Smooth)))
                    (fun mined ->
                        let ap, an, pn = fromMatrix mined
                        let negative = if form.Swap then an.minimum pn else an
                        shaped form (ap - negative + margin))

                // Distances and margin negated: the nearer of two negated distances is the farther.
                near $"adversarial, {name}" (adversarial form) (fun mined ->
                    let ap, an, pn = fromMatrix mined
                    let ap, an, pn = -ap, -an, -pn
                    let negative = if form.Swap then an.minimum pn else an
                    shaped form (ap - negative - margin))

            near "contrastive" (synthLoss (fun () -> new ContrastiveLoss(posMargin = 0.3))) (fun mined ->
                let ap, an, _ = fromMatrix mined
                meanOfPositive ((ap - 0.3).relu()) + meanOfPositive ((1.0 - an).relu()))

            for name, distance in distances do
                test $"entries of {name} are those of its matrix" {
                    use _ = torch.NewDisposeScope()

                    let chosen count size =
                        vector [ for number in 0..count -> int64 (number * 7 % size) ]

                    for reference, columns in [ None, 20; Some 12, 12 ] do
                        for count in [ 3; 90 ] do
                            let rows, others = chosen count 20, chosen (count * 1) columns

                            let slopes (compute: torch.Tensor -> torch.Tensor | null -> torch.Tensor) =
                                let query = (embeddings 5 20).requires_grad_ true

                                let references =
                                    reference |> Option.map (fun size -> (embeddings 6 size).requires_grad_ true)

                                let values = compute query (Option.toObj references)
                                (values * values).sum().backward()

                                values,
                                [
                                    gradient query
                                    match references with
                                    | Some references -> gradient references
                                    | None -> ()
                                ]

                            // Entries of a row with itself have no derivative.
                            let apart = if reference.IsNone then torch.roll (others, 1L) else others

                            let values, found =
                                slopes (fun query reference ->
                                    entriesOf distance (int64 count) query reference rows apart)

                            let expected, expectedSlopes =
                                slopes (fun query reference -> distance.Matrix(query, reference).index(rows, apart))

                            let isNear (one: torch.Tensor) (other: torch.Tensor) what =
                                Expect.isLessThanOrEqual (number ((one - other).abs().max())) 1e-9 what

                            isNear values expected $"{count} values"

                            for found, expected in List.zip found expectedSlopes do
                                isNear found expected $"{count} gradients"
                }

            test "few entries of a large matrix are computed without it" {
                use _ = torch.NewDisposeScope()
                let query = embeddings 1 40
                let rows, columns = vector [ 0; 5 ], vector [ 7; 39 ]
                let found = entriesOf withoutMatrix 2L query null rows columns
                let expected = (euclidean.Matrix(query, null)).index(rows, columns)
                isNear 1e-12 (number ((found - expected).abs().max())) 0.0 "distances"
            }
        ]
