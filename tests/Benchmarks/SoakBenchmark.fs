namespace MetricLearning.Benchmarks

open TorchSharp

/// Whether a long run stays as small as it is: live tensors and memory over many iterations of a small network.
module SoakBenchmark =

    /// 5,000 iterations, with ten looks at memory.
    let run (quick: bool) : unit =
        let workload = Workload.tiny
        let struct (data, labels) = Workload.data workload

        use trained =
            Trained.ofNetwork
                (Workload.start workload)
                (Workload.loss ())
                Workload.choices.Head
                data
                labels
                Workload.batchSize

        let epochs = (if quick then 200 else 5000) / workload.Iterations
        let look = epochs / (if quick then 2 else 10)
        Report.table $"A long run of {workload.Name}, Adam" [ "iteration"; "live tensors"; "memory" ]

        for epoch in 1..epochs do
            trained.Epoch()

            if epoch = 1 || epoch % look = 0 then
                Report.row
                    [
                        $"{epoch * workload.Iterations:N0}"
                        $"{torch.Tensor.TotalCount}"
                        Report.megabytes (Host.memory ())
                    ]
