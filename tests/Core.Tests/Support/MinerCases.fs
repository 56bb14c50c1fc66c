/// Every miner whose choice labels allow, by name.
module MetricLearning.Core.Tests.Support.MinerCases

open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations

let triplets change =
    Miners.TripletMargin.miner (change Miners.TripletMargin.defaults)

let easyHard change =
    Miners.BatchEasyHard.miner (change Miners.BatchEasyHard.defaults)

let miners: (string * (unit -> Miner)) list =
    [
        "MultiSimilarity", (fun () -> Miners.MultiSimilarity.miner Miners.MultiSimilarity.defaults)
        "TripletMargin", (fun () -> triplets id)
        "PairMargin", (fun () -> Miners.PairMargin.miner Miners.PairMargin.defaults)
        "BatchHard", (fun () -> Miners.BatchHard.miner Miners.BatchHard.defaults)
        "HDC", (fun () -> Miners.HDC.miner Miners.HDC.defaults :> Miner)
        "Angular", (fun () -> Miners.Angular.miner Miners.Angular.defaults)
        "BatchEasyHard", (fun () -> easyHard id)
        "BatchEasyHard with all positives",
        (fun () ->
            easyHard (fun options ->
                { options with
                    PosStrategy = Miners.BatchEasyHardStrategy.All
                    NegStrategy = Miners.BatchEasyHardStrategy.Hard
                }))
        "BatchEasyHard with semihard positives",
        (fun () ->
            easyHard (fun options ->
                { options with
                    PosStrategy = Miners.BatchEasyHardStrategy.Semihard
                    NegStrategy = Miners.BatchEasyHardStrategy.Easy
                }))
        "DistanceWeighted", (fun () -> Miners.DistanceWeighted.miner Miners.DistanceWeighted.defaults)
        "UniformHistogram", (fun () -> Miners.UniformHistogram.miner Miners.UniformHistogram.defaults)
    ]

let indices (tuples: Tuples) : int64[] list =
    match tuples with
    | Tuples.All -> []
    | Tuples.Pairs(a1, p, a2, n) -> [ numbers a1; numbers p; numbers a2; numbers n ]
    | Tuples.Triplets(a, p, n) -> [ numbers a; numbers p; numbers n ]
