namespace MetricLearning.Benchmarks

open TorchSharp
open MetricLearning
open MetricLearning.Core

/// Iterations whose optimizer steps in one pass over memory, against the same with libtorch's calls.
module FusedBenchmark =

    let private byCalls (optimizer: PureOptimizer) : PureOptimizer =
        PureOptimizer({ optimizer.Rule with OnePass = None }, optimizer.LearningRate, [], RuleSchedules.none)

    let private trained (workload: Workload) (optimizer: PureOptimizer) : Trained =
        let struct (data, labels) = Workload.data workload

        let choice =
            {
                Name = optimizer.Rule.Name
                Torch = fun parameters -> torch.optim.Adam parameters
                Ours = fun _ -> optimizer
            }

        Trained.ofNetwork (Workload.start workload) (Workload.loss ()) choice data labels Workload.batchSize

    /// Every network, on one thread and on as many as libtorch takes by itself.
    let run (clock: Clock) (quick: bool) (only: string) : unit =
        let threads = torch.get_num_threads ()
        let adam = PureOptimizer.Adam(1e-3)

        for threads in List.distinct [ 1; threads ] do
            torch.set_num_threads threads

            Report.compare
                $"Iteration with Adam, batch {Workload.batchSize}, {Report.threads threads}, {clock} time"
                "in one pass"
                "by calls"

            let rounds, seconds = if quick then 4, 0.0 else 60, 12.0

            Trained.compare clock only rounds seconds (fun workload ->
                struct (trained workload adam, trained workload (byCalls adam)))

        torch.set_num_threads threads
