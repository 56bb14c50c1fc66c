/// Which samples match and which differ, by hand.
module MetricLearning.Core.Tests.Metric.LabelMaskTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.SeveralLabels

let private any = LabelComparison.AnyInCommon

let private marks (mask: torch.Tensor) : string list =
    let rows, columns = int (mask.size 0), int (mask.size 1)
    let all = mask.contiguous().data<bool>().ToArray()

    [
        for row in 0 .. rows - 1 -> String.init columns (fun column -> if all[row * columns + column] then "x" else ".")
    ]

let private masksOf (comparison: LabelComparison) (labels: torch.Tensor) (refLabels: torch.Tensor | null) =
    let matches, differs = LabelMasks.compared comparison labels refLabels
    marks matches, marks differs

// {0, 1}, {1}, {2} and none.
let private four () =
    torch.tensor (array2D [ [ 1L; 1L; 0L ]; [ 0L; 1L; 0L ]; [ 0L; 0L; 1L ]; [ 0L; 0L; 0L ] ])

let tests =
    testList
        "masks of labels"
        [
            test "any class in common" {
                use _ = torch.NewDisposeScope()

                Expect.equal
                    (masksOf any (four ()) null)
                    ([ ".x.."; "x..."; "...."; "...." ], [ "..xx"; "..xx"; "xx.x"; "xxx." ])
                    "of a batch: nobody is its own negative"

                Expect.equal
                    (masksOf any (four ()) (four ()))
                    ([ "xx.."; "xx.."; "..x."; "...." ], [ "..xx"; "..xx"; "xx.x"; "xxxx" ])
                    "of another set"
            }

            test "a share of the classes" {
                use _ = torch.NewDisposeScope()

                Expect.equal
                    (masksOf (LabelComparison.Jaccard 0.5) (four ()) null)
                    ([ ".x.."; "x..."; "...."; "...." ], [ "..xx"; "..xx"; "xx.x"; "xxx." ])
                    "half of them"

                Expect.equal
                    (masksOf (LabelComparison.Jaccard(0.6, Nullable 0.5)) (four ()) null)
                    ([ "...."; "...."; "...."; "...." ], [ "..xx"; "..xx"; "xx.x"; "xxx." ])
                    "what lies between is neither"
            }

            test "a comparison of one's own" {
                use _ = torch.NewDisposeScope()
                // Numbers that are near match, those far apart differ.
                let within (far: float) =
                    Func<Tensor, Tensor, Tensor>(fun x y -> (x - y).abs().le(far.ToScalar()))

                let own =
                    LabelComparison.Own(within 1.0, Func<_, _, _>(fun x y -> (within 2.0).Invoke(x, y).logical_not()))

                Expect.equal
                    (masksOf own (vector [ 1; 2; 3; 5 ]) null)
                    ([ ".x.."; "x.x."; ".x.."; "...." ], [ "...x"; "...x"; "...."; "xx.." ])
                    "near and far"

                let both = LabelComparison.Own(within 1.0, within 1.0)
                let matches, differs = masksOf both (vector [ 1; 2; 9 ]) null
                Expect.equal (matches, differs) ([ ".x."; "x.."; "..." ], [ "..."; "..."; "..." ]) "no pair is both"
            }

            test "what a function returned is not written to" {
                use _ = torch.NewDisposeScope()
                let kept = torch.ones (3L, 3L, dtype = torch.``bool``)
                let own = LabelComparison.Own(Func<_, _, _>(fun _ _ -> kept))
                LabelMasks.compared own (vector [ 1; 2; 3 ]) null |> ignore
                Expect.equal (marks kept) [ "xxx"; "xxx"; "xxx" ] "the user's"
            }
        ]
