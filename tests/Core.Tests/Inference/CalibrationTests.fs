/// Thresholds by pairs of which it is known what belongs together.
module MetricLearning.Core.Tests.Inference.CalibrationTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Distances
open MetricLearning.Core.Tests.Feed.Expectations
open MetricLearning.Core.Tests.Inference.Networks

let private bools (values: bool[]) = torch.tensor values

// Direct counting: what accepting up to a threshold does.
let private count isInverted (pairs: (float32 * bool)[]) (threshold: float32) =
    let accepts distance =
        if isInverted then
            distance >= threshold
        else
            distance <= threshold

    let number keep =
        pairs |> Array.filter keep |> Array.length |> float

    let positives, negatives = number snd, number (snd >> not)
    let hits = number (fun (distance, same) -> accepts distance && same)
    let falseHits = number (fun (distance, same) -> accepts distance && not same)

    {|
        Accuracy = (hits + negatives - falseHits) / (positives + negatives)
        Precision =
            if hits + falseHits = 0.0 then
                1.0
            else
                hits / (hits + falseHits)
        Recall = hits / positives
        F1 = 2.0 * hits / (hits + falseHits + positives)
        FalseAcceptRate = falseHits / negatives
    |}

let private goals (rate: float) =
    [
        CalibrationGoal.Accuracy
        CalibrationGoal.F1
        CalibrationGoal.FalseAcceptRate rate
    ]

let private close (actual: float) (expected: float) (message: string) =
    Expect.floatClose Accuracy.high actual expected message

let private choosing =
    [
        testProperty "is the best of all thresholds, and does what it says, ties or not"
        <| fun isInverted (NormalFloat rate) (NonEmptyArray(pairs: struct (int * bool)[])) ->
            use _ = torch.NewDisposeScope()
            let rate = abs rate % 1.0

            let pairs =
                Array.append
                    [| 0.5f, true; 0.9f, false |]
                    [|
                        for struct (distance, same) in pairs -> float32 (distance % 6) / 3.0f, same
                    |]

            let distances = torch.tensor (Array.map fst pairs)
            let same = bools (Array.map snd pairs)

            for goal in goals rate do
                let chosen = Calibration.choose goal isInverted distances same
                let counted = count isInverted pairs (float32 chosen.Threshold)
                close chosen.Accuracy counted.Accuracy "accuracy"
                close chosen.Precision counted.Precision "precision"
                close chosen.Recall counted.Recall "recall"
                close chosen.F1 counted.F1 "F1"
                close chosen.FalseAcceptRate counted.FalseAcceptRate "false-accept rate"
                close chosen.FalseRejectRate (1.0 - counted.Recall) "false-reject rate"
                Expect.equal (int chosen.Positives + int chosen.Negatives) pairs.Length "all pairs"

                let others =
                    [
                        for threshold in
                            [ Single.NegativeInfinity; Single.PositiveInfinity; yield! Array.map fst pairs ] ->
                            count isInverted pairs threshold
                    ]

                match goal with
                | CalibrationGoal.Accuracy ->
                    close chosen.Accuracy (others |> List.map _.Accuracy |> List.max) "the most accurate"
                | CalibrationGoal.F1 -> close chosen.F1 (others |> List.map _.F1 |> List.max) "the best F1"
                | CalibrationGoal.FalseAcceptRate atMost ->
                    Expect.isLessThanOrEqual chosen.FalseAcceptRate atMost "as wanted"

                    let allowed = others |> List.filter (fun other -> other.FalseAcceptRate <= atMost)
                    close chosen.Recall (allowed |> List.map _.Recall |> List.max) "the most matches"

        test "lies halfway to the next pair" {
            use _ = torch.NewDisposeScope()
            let same = bools [| true; true; false; false |]

            for dtype in [ torch.float32; torch.float64; torch.float16 ] do
                let distances = torch.tensor ([| 1.0; 2.0; 4.0; 5.0 |], dtype = dtype)

                for goal in goals 0.0 do
                    Expect.equal (Calibration.choose goal false distances same).Threshold 3.0 $"{goal}"
                    let similarities = 6.0 - distances
                    Expect.equal (Calibration.choose goal true similarities same).Threshold 3.0 $"{goal}, inverted"
        }

        test "tells neighbouring numbers apart" {
            use _ = torch.NewDisposeScope()
            let first = 1.0f
            let next = MathF.BitIncrement first
            let same = bools [| true; false |]

            let chosen =
                Calibration.choose CalibrationGoal.Accuracy false (torch.tensor [| first; next |]) same

            Expect.equal (chosen.Threshold, chosen.Accuracy) (float first, 1.0) "the nearer"

            let chosen =
                Calibration.choose CalibrationGoal.Accuracy true (torch.tensor [| next; first |]) same

            Expect.equal (chosen.Threshold, chosen.Accuracy) (float next, 1.0) "the more similar"
        }

        test "accepts nothing where that is best" {
            use _ = torch.NewDisposeScope()
            let distances = torch.tensor [| 1.0f; 2.0f |]
            let same = bools [| false; true |]

            let chosen =
                Calibration.choose (CalibrationGoal.FalseAcceptRate 0.0) false distances same

            Expect.isLessThan chosen.Threshold 1.0 "nearer than the nearest"
            Expect.equal (float32 chosen.Threshold) (MathF.BitDecrement 1.0f) "just so"
            Expect.equal (chosen.Recall, chosen.Precision) (0.0, 1.0) "none"

            let chosen =
                Calibration.choose (CalibrationGoal.FalseAcceptRate 0.0) true distances same

            Expect.equal (chosen.Recall, chosen.FalseAcceptRate) (1.0, 0.0) "all that belong together"
        }

        test "mistakes are named" {
            use _ = torch.NewDisposeScope()
            let two = torch.tensor [| 1.0f; 2.0f |]

            let refuses (text: string) distances same =
                throws<ArgumentException> text (fun () ->
                    Calibration.choose CalibrationGoal.F1 false distances same |> ignore)

            refuses "2 pairs belong together and 0 do not" two (bools [| true; true |])
            refuses "NaN" (torch.tensor [| nan; 1.0 |]) (bools [| true; false |])
            refuses "no pairs" (torch.zeros 0L) (torch.zeros (0L, dtype = torch.bool))

            throws<ArgumentException> "false-accept rate must be from 0 to 1" (fun () ->
                Calibration.choose (CalibrationGoal.FalseAcceptRate 2.0) false two (bools [| true; false |])
                |> ignore)
        }
    ]

let private labels (classes: int list) =
    torch.tensor [| for label in classes -> int64 label |]

// Classes of several sizes, one sample alone.
let private mixed = [ 3; 1; 3; 2; 1; 3; 9; 3; 2 ]

let private pairs =
    [
        test "drawn pairs are what they say, and all pairs of a kind are equally likely" {
            use _ = torch.NewDisposeScope()
            let labels = labels mixed
            let draws = 40000
            let drawn = PairsOfClasses.sample (Seed.ofInt64 1L) (int64 draws) labels

            let first, second, same =
                numbers drawn.First, numbers drawn.Second, numbers drawn.Same

            let classes = numbers labels

            let found =
                Array.zip3 first second same
                |> Array.countBy (fun (one, other, same) -> min one other, max one other, same)

            for (one, other, same), _ in found do
                Expect.notEqual one other "two samples"
                Expect.equal (classes[int one] = classes[int other]) (same = 1L) "the same class or not"

            for kind, count in [ 1L, 6 + 1 + 1; 0L, 36 - 8 ] do
                let ofKind = found |> Array.filter (fun ((_, _, same), _) -> same = kind)
                Expect.hasLength ofKind count "all pairs"
                let expected = float draws / 2.0 / float count

                for _, times in ofKind do
                    // Five standard deviations.
                    Expect.isLessThan (abs (float times - expected)) (5.0 * sqrt expected) "equally often"

            close drawn.NegativeWeight (28.0 / 8.0) "each pair of two classes stands for so many"
            let struct (positives, negatives) = PairsOfClasses.count labels
            Expect.equal (positives, negatives) (8L, 28L) "counted"
        }

        test "the seed decides which" {
            use _ = torch.NewDisposeScope()

            let draw seed =
                numbers (PairsOfClasses.sample (Seed.ofInt64 seed) 50L (labels mixed)).First

            Expect.equal (draw 1L) (draw 1L) "the same"
            Expect.notEqual (draw 1L) (draw 2L) "others"
        }
    ]

let private validation =
    let embeddings count =
        use _ = torch.NewDisposeScope()
        use generator = new torch.Generator(7UL, torch.CPU)
        let labels = torch.arange ((count: int64).ToScalar()) % 5L
        let centres = torch.randn ([| 5L; 8L |], generator = generator)
        let noise = torch.randn ([| count; 8L |], generator = generator)
        (centres.index_select (0L, labels) + noise).MoveToOuterDisposeScope(), labels.MoveToOuterDisposeScope()

    let finders =
        [
            MatchFinder(Cosine.distance Cosine.defaults, Nullable())
            MatchFinder(Lp.distance Lp.defaults, Nullable())
        ]

    let seed = Seed.ofInt64 3L

    [
        test "looks at every pair once" {
            use _ = torch.NewDisposeScope()
            let embeddings, labels = embeddings 40L

            let pairs =
                [|
                    for one in 0L .. 39L do
                        for other in one + 1L .. 39L -> one, other
                |]

            let rows (choose: int64 * int64 -> int64) =
                embeddings.index_select (0L, torch.tensor (Array.map choose pairs))

            let classes = numbers labels

            let same =
                bools [| for one, other in pairs -> classes[int one] = classes[int other] |]

            for finder in finders do
                for goal in goals 0.05 do
                    let chosen = Validation.calibrate goal 780L seed finder embeddings labels
                    let expected = Validation.calibratePairs goal finder (rows fst) (rows snd) same
                    Expect.equal (chosen.Positives, chosen.Negatives) (140L, 640L) "pairs"
                    Expect.floatClose Accuracy.medium chosen.Threshold expected.Threshold "threshold"
                    close chosen.Accuracy expected.Accuracy "accuracy"
                    close chosen.F1 expected.F1 "F1"
        }

        test "of too many a sample, which stands for all" {
            use _ = torch.NewDisposeScope()
            let embeddings, labels = embeddings 1200L

            for finder in finders do
                for goal in goals 0.05 do
                    let all = Validation.calibrate goal 1_000_000L seed finder embeddings labels
                    let some = Validation.calibrate goal 200_000L seed finder embeddings labels
                    Expect.equal (some.Positives, some.Negatives) (100_000L, 100_000L) "half of each kind"
                    let tolerance = { absolute = 0.02; relative = 0.0 }
                    Expect.floatClose tolerance some.Accuracy all.Accuracy "accuracy"
                    Expect.floatClose tolerance some.F1 all.F1 "F1"
                    Expect.floatClose tolerance some.Precision all.Precision "precision"
                    Expect.floatClose tolerance some.FalseAcceptRate all.FalseAcceptRate "false-accept rate"
                    Expect.floatClose { tolerance with absolute = 0.03 } some.Threshold all.Threshold "threshold"
        }

        testSequenced (
            test "nothing stays behind" {
                let embeddings, labels = embeddings 40L

                leavesNoTensors (fun () ->
                    for pairs in [ 10_000L; 100L ] do
                        Validation.calibrate CalibrationGoal.F1 pairs seed finders[0] embeddings labels
                        |> ignore)

                embeddings.Dispose()
                labels.Dispose()
            }
        )

        test "mistakes are named" {
            use _ = torch.NewDisposeScope()
            let embeddings, labels = embeddings 5L

            let refuses (text: string) pairs labels =
                throws<ArgumentException> text (fun () ->
                    Validation.calibrate CalibrationGoal.F1 pairs seed finders[0] embeddings labels
                    |> ignore)

            refuses "0 are of one class and 10 of two" 100L labels
            refuses "10 are of one class and 0 of two" 100L (torch.zeros_like labels)
            refuses "do not fit" 100L (labels.narrow (0L, 0L, 4L))
            refuses "maxPairs must be at least 2" 1L labels

            throws<ArgumentException> "same has the shape [4]" (fun () ->
                Validation.calibratePairs
                    CalibrationGoal.F1
                    finders[0]
                    embeddings
                    embeddings
                    (bools [| true; false; true; true |])
                |> ignore)
        }
    ]

let tests =
    testList
        "calibration"
        [
            testList "choosing" choosing
            testList "pairs" pairs
            testList "validation" validation
        ]
