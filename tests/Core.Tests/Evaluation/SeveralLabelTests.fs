/// Accuracies of samples of several classes.
module MetricLearning.Core.Tests.Evaluation.SeveralLabelTests

open System
open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.AccuracyCases
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods

let private any = LabelComparison.AnyInCommon

let private by (comparison: LabelComparison) =
    { neighbours with
        LabelComparison = comparison
    }

let private rows (labels: int64[]) =
    SeveralLabels.rowsOf (torch.tensor labels)

let private valuesOf (accuracies: Accuracies) =
    [ for entry in accuracies.Values -> entry.Key, entry.Value.Value ] |> List.sort

// Rows of three classes from numbers.
let private ofCodes (codes: byte list) : bool[][] =
    [| for code in codes -> [| for bit in 0..2 -> (int code >>> bit) &&& 1 = 1 |] |]

let private tensorOf (rows: bool[][]) : Tensor =
    torch.tensor (Array2D.init rows.Length 3 (fun row column -> if rows[row][column] then 1L else 0L))

let private share (x: bool[]) (y: bool[]) =
    let count (op: bool -> bool -> bool) =
        Array.map2 op x y |> Array.filter id |> Array.length

    let either = count (||)

    if either = 0 then
        0.0
    else
        float (count (&&)) / float either

// Metrics of queries among each other, one by one.
let private byHand (matches: bool[] -> bool[] -> bool) (query: Tensor) (labels: bool[][]) : (string * float) list =
    let found =
        Neighbourhoods.byHand squared query (labels.Length - 1) query true
        |> Array.mapi (fun row places -> places |> Array.map (fun place -> matches labels[row] labels[int place]))
        |> Array.filter (Array.exists id)

    [
        for name, meaning in meanings ->
            name,
            found
            |> Array.map (fun hits -> meaning hits (hits |> Array.filter id |> Array.length))
            |> mean
    ]

let private comparisons: (string * LabelComparison * (bool[] -> bool[] -> bool)) list =
    [
        "any in common", any, (fun x y -> share x y > 0.0)
        "a third", LabelComparison.Jaccard(1.0 / 3.0), (fun x y -> share x y >= 1.0 / 3.0)
        "the same classes", LabelComparison.Jaccard 1.0, (fun x y -> share x y = 1.0)
    ]

let private tester (comparison: LabelComparison) (level: AnyLevel option) (losses: (string * Loss) list) =
    let calculator =
        AccuracyCalculator(exclude = [| "NMI"; "AMI" |], labelComparison = comparison)

    let options =
        TestOptions(
            AccuracyCalculator = calculator,
            DataloaderNumWorkers = 0,
            LossFuncs = Dictionary(losses |> List.map KeyValuePair)
        )

    Option.iter (fun level -> options.LabelHierarchyLevel <- level) level
    options

let private test' (options: TestOptions) (labels: obj) =
    let tester = Tester(EmbeddingSpace.Global, options)

    let data =
        TesterCases.datasets [ "val", TesterCases.dataset 1 labels; "other", TesterCases.dataset 2 labels ]

    let splits = [| SplitToEval("val", [| "val"; "other" |]); SplitToEval "other" |]
    let found = tester.Test(data, 1, TesterCases.identity, null, splits)

    [
        for split in found do
            for entry in split.Value -> split.Key, entry.Key, entry.Value.Value
    ],
    tester

let tests =
    testList
        "several classes a sample"
        [
            testPropertyWithConfig Checked.config "one class a sample, as rows, is one label a sample"
            <| fun (number: int) (codes: byte list) ->
                use _ = torch.NewDisposeScope()
                let labels = labelled (1uy :: 1uy :: codes) 5
                let query = whole number labels.Length 3
                let reference = whole (number + 1) labels.Length 3

                for comparison in [ any; LabelComparison.Jaccard 1.0 ] do
                    let found =
                        AccuracyCalculation.calculate (by comparison) query (rows labels) null null false

                    Expect.equal (valuesOf found) (valuesOf (self neighbours query labels)) "among each other"

                    let found =
                        AccuracyCalculation.calculate (by comparison) query (rows labels) reference (rows labels) false

                    Expect.equal
                        (valuesOf found)
                        (valuesOf (calculate neighbours query labels reference labels false))
                        "references"

            for name, comparison, matches in comparisons do
                testPropertyWithConfig Checked.config $"as by hand, {name}"
                <| fun (number: int) (codes: byte list) ->
                    use _ = torch.NewDisposeScope()
                    let labels = ofCodes (3uy :: 0uy :: codes)
                    let query = whole number labels.Length 3

                    let found =
                        AccuracyCalculation.calculate (by comparison) query (tensorOf labels) null null false

                    for metric, expected in byHand matches query labels do
                        near expected found.Values[metric].Value metric

            test "in a tester all columns count together" {
                use _ = torch.NewDisposeScope()
                let rows = rows TesterCases.fine

                let loss comparison =
                    [ "pairs", new ContrastiveLoss(LabelComparison = comparison) :> Loss ]

                let wanted, _ =
                    test' (tester LabelComparison.Equal None (loss LabelComparison.Equal)) TesterCases.fine

                let found, tester' = test' (tester any None (loss any)) rows
                Expect.equal found wanted "the same results, by the same names"
                Expect.isEmpty tester'.Warnings "no doubt"

                let found, _ = test' (tester any (Some AnyLevel.All) (loss any)) rows
                Expect.equal found wanted "all levels"
                let some = AnyLevel.op_Implicit [| 0; 1; 2; 3; 4 |]
                let found, _ = test' (tester any (Some some) []) rows
                Expect.equal found (wanted |> List.filter (fun (_, name, _) -> name <> "pairs")) "each of them"
            }

            test "some of the columns" {
                use _ = torch.NewDisposeScope()
                let rows = rows TesterCases.fine
                let columns = torch.cat ([| rows; 1L.ToScalar() * rows.flip 0L |], 1L)
                let wanted, _ = test' (tester any None []) rows

                let found, _ =
                    test' (tester any (Some(AnyLevel.op_Implicit [| 4; 3; 2; 1; 0 |])) []) columns

                Expect.equal found wanted "those that are chosen"
            }

            test "mistakes, and what their messages advise" {
                use _ = torch.NewDisposeScope()
                let labels = rows TesterCases.fine
                let query = random 1 24 6

                let refused text act =
                    throws<ArgumentException> text (fun () -> act () |> ignore)

                refused "exclude them" (fun () -> AccuracyCalculator(labelComparison = any))
                let own = Func<Tensor, Tensor, Tensor>(fun x y -> (x.eq y).all -1L)

                refused "give one of them" (fun () ->
                    AccuracyCalculator(exclude = [| "NMI"; "AMI" |], labelComparison = any, labelComparisonFn = own))

                let calculator =
                    AccuracyCalculator(exclude = [| "NMI"; "AMI" |], labelComparison = any)

                calculator.GetAccuracy(query, labels) |> ignore

                refused "leave labelComparison out" (fun () ->
                    calculator.GetAccuracy(query, torch.tensor TesterCases.fine))

                refused "LabelComparison.Own" (fun () -> calculator.GetAccuracy(query, labels * 2L.ToScalar()))

                refused "labelComparison: LabelComparison.AnyInCommon" (fun () ->
                    TesterCases.calculator.GetAccuracy(query, labels))

                refused "give the AccuracyCalculator a labelComparison" (fun () ->
                    Tester(
                        EmbeddingSpace.Global,
                        tester LabelComparison.Equal None [ "pairs", new ContrastiveLoss(LabelComparison = any) ]
                    ))

                refused "use a GlobalEmbeddingSpaceTester" (fun () ->
                    Tester(EmbeddingSpace.WithSameParentLabel, tester any None []))

                refused "leave SetMinLabelToZero out" (fun () ->
                    let options = tester any None []
                    options.SetMinLabelToZero <- true
                    options.DatasetLabels <- labels
                    Tester(EmbeddingSpace.Global, options))
            }
        ]
