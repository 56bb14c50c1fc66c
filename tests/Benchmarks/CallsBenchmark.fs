namespace MetricLearning.Benchmarks

open MetricLearning

/// How much an iteration asks of libtorch: the network with Adam alone, and with each loss, without a miner and with one.
module CallsBenchmark =

    /// The table; with the names of all operations, if that is wanted.
    let run (names: bool) : unit =
        printfn "One iteration, batch 128, MLP 64-128-128, 16 classes"
        printfn "%-44s %10s %10s %10s" "" "operations" "tensors" "waits"

        for name, make in CountedIteration.losses do
            for miner in [ None; Some(MultiSimilarityMiner() :> Miner) ] do
                use loss = make ()
                let calls = CountedIteration.run miner loss

                let title =
                    if miner.IsSome then
                        "MultiSimilarityMiner + " + name
                    else
                        name

                printfn "%-44s %10d %10d %10d" title calls.Kernels calls.Tensors calls.Waits

                if names then
                    calls.ByName
                    |> Seq.map (fun entry -> sprintf "%s %d" (entry.Key.Replace("aten::", "")) entry.Value)
                    |> String.concat ", "
                    |> printfn "    %s"
