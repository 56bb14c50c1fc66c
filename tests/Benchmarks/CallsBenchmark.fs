namespace MetricLearning.Benchmarks

open MetricLearning

/// How much an iteration asks of libtorch: the network with Adam alone, and with each loss, without a miner and with one.
module CallsBenchmark =

    let private title (loss: string) (miner: Miner option) : string =
        match loss, miner with
        | "Nothing", None -> "network and optimizer alone"
        | "Nothing", Some miner -> $"{miner.Name} alone"
        | _, None -> loss
        | _, Some miner -> $"{miner.Name} and {loss}"

    /// The table; with the names of all operations, if that is wanted.
    let run (names: bool) : unit =
        Report.table
            "One iteration of MetricLossOnly, batch 128, MLP 64-128-128, Adam, 16 classes"
            [ ""; "operations"; "tensors"; "waits" ]

        for name, make in CountedIteration.losses do
            for miner in [ None; Some(MultiSimilarityMiner() :> Miner) ] do
                use loss = make ()
                let calls = CountedIteration.run miner loss
                Report.row [ title name miner; $"{calls.Kernels}"; $"{calls.Tensors}"; $"{calls.Waits}" ]

                if names then
                    calls.ByName
                    |> Seq.map (fun entry -> sprintf "%s %d" (entry.Key.Replace("aten::", "")) entry.Value)
                    |> String.concat ", "
                    |> printfn "    %s"
