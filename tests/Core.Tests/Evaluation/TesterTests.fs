/// Testers: splits, levels, parents and streams.
module MetricLearning.Core.Tests.Evaluation.TesterTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods
open MetricLearning.Core.Tests.Support.TesterCases

let tests =
    testList
        "testers"
        [
            test "each split against itself" {
                use _ = torch.NewDisposeScope()
                let one, other = dataset 1 fine, dataset 2 fine
                let found = evaluate (first ()) (datasets [ "train", one; "val", other ]) null
                Expect.equal (List.ofSeq found.Keys) [ "train"; "val" ] "splits"

                for name, data in [ "train", one; "val", other ] do
                    let rows = normal data
                    same (direct neighbours rows fine rows fine true) "_level0" found[name]
                    Expect.equal found[name].Epoch 3 "epoch"
                    Expect.equal found[name].Count 5 "one level has no averages"
            }

            test "a split among several: itself first, wherever it is named" {
                use _ = torch.NewDisposeScope()
                let one, other = dataset 1 fine, dataset 2 fine
                let references = [| "train"; "val" |]
                let split = SplitToEval("val", references)

                let found =
                    evaluate (first ()) (datasets [ "train", one; "val", other ]) [| split |]

                Expect.equal references [| "train"; "val" |] "the caller's"
                Expect.equal (List.ofSeq split.References) [ "val"; "train" ] "in the order of use"
                let query = normal other
                let all = torch.cat ([| query; normal one |], 0L)
                same (direct neighbours query fine all (Array.append fine fine) true) "_level0" found["val"]
            }

            test "a split in another only" {
                use _ = torch.NewDisposeScope()
                let one, other = dataset 1 fine, dataset 2 fine
                let data = datasets [ "train", one; "val", other ]
                let found = evaluate (first ()) data [| SplitToEval("val", [| "train" |]) |]
                same (direct neighbours (normal other) fine (normal one) fine false) "_level0" found["val"]
            }

            test "levels: one, several, all, and their averages" {
                use _ = torch.NewDisposeScope()
                let data = dataset 1 levels
                let rows = normal data
                let parents = fine |> Array.map (fun label -> label / 2L)
                let data = datasets [ "val", data ]
                let below = direct neighbours rows fine rows fine true
                let above = direct neighbours rows parents rows parents true
                let one = (evaluate (options (AnyLevel.op_Implicit 1)) data null)["val"]
                same above "_level1" one
                Expect.equal one.Count 5 "one level"

                for level in [ AnyLevel.All; AnyLevel.op_Implicit [| 1; 0 |] ] do
                    let tester = Tester(EmbeddingSpace.Global, options level)
                    let results = tester.Test(data, 3, identity)["val"]
                    same below "_level0" results
                    same above "_level1" results
                    Expect.equal results.Count 15 "two levels, and averages"

                    for entry in below.Values do
                        let mean = (entry.Value.Value + above.Values[entry.Key].Value) / 2.0
                        Expect.floatClose Expecto.Accuracy.veryHigh results[$"AVERAGE_{entry.Key}"].Value mean entry.Key

                    let order = if string level = "all" then "0_1" else "1_0"
                    Expect.stringEnds (tester.Description()) $"_level_{order}" "which"
            }

            test "with the same parent: the mean over parents" {
                use _ = torch.NewDisposeScope()
                let data = dataset 1 levels
                let rows = normal data

                let byParent =
                    [
                        for parent in 0L .. 1L ->
                            let places =
                                [| 0L .. 23L |] |> Array.filter (fun row -> fine[int row] / 2L = parent)

                            let rows = rows.index_select (0L, torch.tensor places)
                            let labels = places |> Array.map (fun row -> fine[int row])
                            direct neighbours rows labels rows labels true
                    ]

                let evaluate = evaluateIn EmbeddingSpace.WithSameParentLabel

                for level in [ AnyLevel.op_Implicit 0; AnyLevel.All ] do
                    let found = (evaluate (options level) (datasets [ "val", data ]) null)["val"]

                    for entry in byParent.Head.Values do
                        let mean = byParent |> List.averageBy (fun one -> one.Values[entry.Key].Value)
                        Expect.floatClose Expecto.Accuracy.veryHigh found[$"{entry.Key}_level0"].Value mean entry.Key

                throws<ArgumentException> "two levels" (fun () ->
                    evaluate (options AnyLevel.All) (datasets [ "val", dataset 1 fine ]) null
                    |> ignore)
            }

            test "a parent without a match says nothing, and one without references is left out" {
                use _ = torch.NewDisposeScope()
                // Of parent 9 there is one sample alone.
                let labels =
                    Array2D.init 24 2 (fun row level -> if row = 0 then 9L else levels[row, level])

                let evaluate = evaluateIn EmbeddingSpace.WithSameParentLabel (first ())
                let both = dataset 1 labels
                let found = (evaluate (datasets [ "val", both ]) null)["val"]

                for entry in found do
                    Expect.isFalse (Double.IsNaN entry.Value.Value) entry.Key

                let others =
                    dataset 2 (Array2D.init 24 2 (fun row level -> if level = 1 then 0L else row % 2 |> int64))

                let found =
                    evaluate (datasets [ "val", both; "train", others ]) [| SplitToEval("val", [| "train" |]) |]

                for entry in found["val"] do
                    Expect.isFalse (Double.IsNaN entry.Value.Value) entry.Key
            }

            test "two streams: anchors among the others, at any level" {
                use _ = torch.NewDisposeScope()
                let anchors, others = random 1 24 6, random 2 24 6
                let data = datasets [ "val", TrainingData.FromTensors([ anchors; others ], levels) ]

                let evaluate = evaluateIn EmbeddingSpace.TwoStream
                let found = evaluate (options AnyLevel.All) data null

                let query, reference =
                    torch.nn.functional.normalize anchors, torch.nn.functional.normalize others

                let parents = fine |> Array.map (fun label -> label / 2L)
                same (direct neighbours query fine reference fine false) "_level0" found["val"]
                same (direct neighbours query parents reference parents false) "_level1" found["val"]

                throws<ArgumentException> "its own second" (fun () ->
                    evaluate
                        (first ())
                        (datasets
                            [
                                "val", TrainingData.FromTensors([ anchors; others ], fine)
                                "train", dataset 1 fine
                            ])
                        [| SplitToEval("val", [| "train" |]) |]
                    |> ignore)
            }

            test "splits that do not fit are refused in words" {
                use _ = torch.NewDisposeScope()
                let data = datasets [ "val", dataset 1 fine ]

                let refused text splits =
                    throws<ArgumentException> text (fun () -> evaluate (first ()) data splits |> ignore)

                refused "no split \"test\"" [| SplitToEval "test" |]
                refused "no split \"train\"" [| SplitToEval("val", [| "train" |]) |]
                refused "2 times" [| SplitToEval "val"; SplitToEval "val" |]
                throws<ArgumentException> "no references" (fun () -> SplitToEval("val", [||]) |> ignore)
                throws<ArgumentException> "twice" (fun () -> SplitToEval("val", [| "val"; "val" |]) |> ignore)
            }
        ]
