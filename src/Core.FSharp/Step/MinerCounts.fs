namespace MetricLearning.Core

open MetricLearning

/// Numbers of pairs that miners chose and that are still on the device: they are read along with the losses.
module internal MinerCounts =

    /// Keeps the counts that are not read yet beyond the current dispose scope.
    let moveToOuterDisposeScope (miners: Miner seq) : unit =
        for miner in miners do
            for count in miner.Statistics.Pending do
                count.MoveToOuterDisposeScope() |> ignore

    /// The counts that are not read yet.
    let pending (miners: Miner seq) : Measured[] =
        [|
            for miner in miners do
                for count in miner.Statistics.Pending -> Measured.OnDevice count
        |]

    /// Gives miners their counts: the last of these numbers.
    let settle (miners: Miner seq) (numbers: float[]) : unit =
        let mutable next =
            numbers.Length - (miners |> Seq.sumBy _.Statistics.Pending.Length)

        for miner in miners do
            let count = miner.Statistics.Pending.Length
            miner.Statistics.Settle numbers[next .. next + count - 1]
            next <- next + count
