/// Batches at the edge of what there is to mine, and what miners refuse.
module MetricLearning.Core.Tests.Metric.MinerEdges

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.MinerCases

let private dtypes = [ torch.float64; torch.float32; torch.bfloat16 ]

let tests =
    testList
        "edges"
        [
            test "batches at the edge of what there is to mine" {
                for batch, rows, labels in LossEdges.batches do
                    for (name, make), dtype in List.allPairs miners dtypes do
                        use _ = torch.NewDisposeScope()
                        let labels = Array.ofList labels

                        match indices (make().Mine(rows().``to`` dtype, vector labels)) with
                        | [ a1; p; a2; n ] ->
                            Expect.all (Array.zip a1 p) (fun (a, p) -> labels[int a] = labels[int p]) $"{name}, {batch}"

                            Expect.all
                                (Array.zip a2 n)
                                (fun (a, n) -> labels[int a] <> labels[int n])
                                $"{name}, {batch}"
                        | [ a; p; n ] ->
                            Expect.all (Array.zip a p) (fun (a, p) -> labels[int a] = labels[int p]) $"{name}, {batch}"
                            Expect.all (Array.zip a n) (fun (a, n) -> labels[int a] <> labels[int n]) $"{name}, {batch}"
                        | other -> failtest $"{other}"
            }

            test "strategies that do not go together are errors" {
                let refuses message pos neg =
                    throws<ArgumentException> message (fun () -> BatchEasyHardMiner(pos, neg) |> ignore)

                let semihard = BatchEasyHardStrategy.Semihard
                refuses "cannot both be Semihard" semihard semihard
                refuses "cannot be combined with All" semihard BatchEasyHardStrategy.All
                refuses "cannot be combined with All" BatchEasyHardStrategy.All semihard
                refuses "no strategy 7" (enum 7) semihard
            }

            test "formulas for one distance refuse others" {
                let cosine = CosineSimilarity()

                throws<ArgumentException> "AngularMiner needs LpDistance" (fun () ->
                    AngularMiner(Distance = cosine) |> ignore)

                throws<ArgumentException> "DistanceWeightedMiner needs LpDistance" (fun () ->
                    DistanceWeightedMiner(Distance = cosine) |> ignore)
            }

            test "once in use, its properties are fixed" {
                use _ = torch.NewDisposeScope()
                let miner = BatchHardMiner(Distance = CosineSimilarity())
                miner.Distance <- LpDistance()
                miner.Mine(Known.x (), Known.y ()) |> ignore

                throws<InvalidOperationException>
                    "BatchHardMiner.Distance cannot change once the BatchHardMiner is in use"
                    (fun () -> miner.Distance <- CosineSimilarity())

                throws<InvalidOperationException> "BatchHardMiner.CollectStats" (fun () -> miner.CollectStats <- true)
            }
        ]
