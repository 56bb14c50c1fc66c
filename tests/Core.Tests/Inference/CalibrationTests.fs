/// Thresholds by pairs of which it is known what belongs together.
module MetricLearning.Core.Tests.Inference.CalibrationTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks

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
        Accepted = hits + falseHits
    |}

let private goals (rate: float) =
    [
        CalibrationGoal.Accuracy
        CalibrationGoal.F1
        CalibrationGoal.FalseAcceptRate rate
        CalibrationGoal.Recall(1.0 - rate)
    ]

let private close (actual: float) (expected: float) (message: string) =
    Expect.floatClose Accuracy.high actual expected message

let private choosing =
    [
        testPropertyWithConfig Checked.config "is the best of all thresholds, and does what it says, ties or not"
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

            let best =
                [ for threshold, _ in pairs -> (count isInverted pairs threshold).Precision ]
                |> List.max

            for goal in CalibrationGoal.Precision((1.0 - rate) * best) :: goals rate do
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
                | CalibrationGoal.MostRight ->
                    close chosen.Accuracy (others |> List.map _.Accuracy |> List.max) "the most accurate"
                | CalibrationGoal.BestF1 -> close chosen.F1 (others |> List.map _.F1 |> List.max) "the best F1"
                | CalibrationGoal.AtMost atMost ->
                    Expect.isLessThanOrEqual chosen.FalseAcceptRate atMost "as wanted"

                    let allowed = others |> List.filter (fun other -> other.FalseAcceptRate <= atMost)
                    close chosen.Recall (allowed |> List.map _.Recall |> List.max) "the most matches"
                | CalibrationGoal.Recalling atLeast ->
                    Expect.isGreaterThanOrEqual chosen.Recall atLeast "as wanted"
                    let allowed = others |> List.filter (fun other -> other.Recall >= atLeast)
                    close chosen.Precision (allowed |> List.map _.Precision |> List.max) "the most precise"
                | CalibrationGoal.PreciseBy atLeast ->
                    Expect.isGreaterThanOrEqual chosen.Precision atLeast "as wanted"

                    let allowed =
                        others
                        |> List.filter (fun other -> other.Precision >= atLeast && other.Accepted > 0.0)

                    close chosen.Recall (allowed |> List.map _.Recall |> List.max) "the most matches"

        testPropertyWithConfig Checked.config "a precision that no threshold has is refused, with the best there is"
        <| fun isInverted (NonEmptyArray(pairs: struct (int * bool)[])) ->
            use _ = torch.NewDisposeScope()

            let pairs =
                Array.append
                    [| 0.5f, true; 0.9f, false |]
                    [|
                        for struct (distance, same) in pairs -> float32 (distance % 6) / 3.0f, same
                    |]

            let best =
                [ for threshold, _ in pairs -> (count isInverted pairs threshold).Precision ]
                |> List.max

            let choose precision =
                Calibration.choose
                    (CalibrationGoal.Precision precision)
                    isInverted
                    (torch.tensor (Array.map fst pairs))
                    (bools (Array.map snd pairs))

            Expect.equal (choose best).Precision best "the best is reached"

            if best < 1.0 then
                throws<ArgumentException> $"the best on these pairs is {best:R}" (fun () ->
                    choose (Math.BitIncrement best) |> ignore)

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

            for rate in [ 2.0; -0.1; nan ] do
                throws<ArgumentException> "false-accept rate must be from 0 to 1" (fun () ->
                    CalibrationGoal.FalseAcceptRate rate |> ignore)
        }
    ]

let tests =
    testList "calibration" (testList "choosing" choosing :: ValidationTests.tests)
