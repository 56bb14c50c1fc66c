/// Thresholds by samples of known classes.
module MetricLearning.Core.Tests.Inference.ValidationTests

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

let private goals (rate: float) =
    [
        CalibrationGoal.Accuracy
        CalibrationGoal.F1
        CalibrationGoal.FalseAcceptRate rate
    ]

let private close (actual: float) (expected: float) (message: string) =
    Expect.floatClose Accuracy.high actual expected message

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

    let finders = [ MatchFinder(); MatchFinder(LpDistance()) ]

    let seed = 3L

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
                    let chosen = Validation.Calibrate(finder, embeddings, labels, goal, 780L, seed)
                    let expected = Validation.CalibratePairs(finder, rows fst, rows snd, same, goal)
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
                    let all = Validation.Calibrate(finder, embeddings, labels, goal, 1_000_000L, seed)
                    let some = Validation.Calibrate(finder, embeddings, labels, goal, 200_000L, seed)
                    Expect.equal (some.Positives, some.Negatives) (100_000L, 100_000L) "half of each kind"
                    let tolerance = { absolute = 0.02; relative = 0.0 }
                    Expect.floatClose tolerance some.Accuracy all.Accuracy "accuracy"
                    Expect.floatClose tolerance some.F1 all.F1 "F1"
                    Expect.floatClose tolerance some.Precision all.Precision "precision"
                    Expect.floatClose tolerance some.FalseAcceptRate all.FalseAcceptRate "false-accept rate"
                    Expect.floatClose { tolerance with absolute = 0.03 } some.Threshold all.Threshold "threshold"
        }

        test "nothing stays behind" {
            let embeddings, labels = embeddings 40L

            leavesNoTensors (fun () ->
                for pairs in [ 10_000L; 100L ] do
                    Validation.Calibrate(finders[0], embeddings, labels, CalibrationGoal.F1, pairs, seed)
                    |> ignore)

            embeddings.Dispose()
            labels.Dispose()
        }

        test "mistakes are named" {
            use _ = torch.NewDisposeScope()
            let embeddings, labels = embeddings 5L

            let refuses (text: string) pairs labels =
                throws<ArgumentException> text (fun () ->
                    Validation.Calibrate(finders[0], embeddings, labels, CalibrationGoal.F1, pairs, seed)
                    |> ignore)

            refuses "0 are of one class and 10 of two" 100L labels
            refuses "10 are of one class and 0 of two" 100L (torch.zeros_like labels)
            refuses "do not fit" 100L (labels.narrow (0L, 0L, 4L))
            refuses "maxPairs must be at least 2" 1L labels

            throws<ArgumentException> "same has the shape [4]" (fun () ->
                Validation.CalibratePairs(finders[0], embeddings, embeddings, bools [| true; false; true; true |])
                |> ignore)
        }
    ]

let tests = [ testList "pairs" pairs; testList "validation" validation ]
