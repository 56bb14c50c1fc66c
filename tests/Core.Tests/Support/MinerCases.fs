/// Every miner whose choice labels allow, by name.
module MetricLearning.Core.Tests.Support.MinerCases

open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations

let miners: (string * (unit -> Miner)) list =
    [
        "MultiSimilarity", (fun () -> MultiSimilarityMiner())
        "TripletMargin", (fun () -> TripletMarginMiner())
        "PairMargin", (fun () -> PairMarginMiner())
        "BatchHard", (fun () -> BatchHardMiner())
        "HDC", (fun () -> HDCMiner())
        "Angular", (fun () -> AngularMiner())
        "BatchEasyHard", (fun () -> BatchEasyHardMiner())
        "BatchEasyHard with all positives",
        (fun () -> BatchEasyHardMiner(BatchEasyHardStrategy.All, BatchEasyHardStrategy.Hard))
        "BatchEasyHard with semihard positives",
        (fun () -> BatchEasyHardMiner(BatchEasyHardStrategy.Semihard, BatchEasyHardStrategy.Easy))
        "DistanceWeighted", (fun () -> DistanceWeightedMiner())
        "UniformHistogram", (fun () -> UniformHistogramMiner())
    ]

let indices (tuples: Tuples) : int64[] list =
    match tuples with
    | Tuples.All -> []
    | Tuples.Pairs(a1, p, a2, n) -> [ numbers a1; numbers p; numbers a2; numbers n ]
    | Tuples.Triplets(a, p, n) -> [ numbers a; numbers p; numbers n ]
