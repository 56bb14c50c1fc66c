namespace MetricLearning.Benchmarks

open TorchSharp
open MetricLearning
open MetricLearning.Core

/// Iterations that keep an exponential moving average of the weights, against the same without.
module AverageBenchmark =

    let private trained (workload: Workload) (averaging: WeightAveraging | null) : Trained =
        let struct (data, labels) = Workload.data workload

        let options =
            RunOptions(
                Models = Models(Trunk = Workload.start workload),
                LossFuncs = LossFuncs(MetricLoss = Workload.loss ()),
                Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3)),
                BatchSize = Workload.batchSize,
                Dataset = TrainingData.FromTensors(data, labels),
                WeightAveraging = averaging
            )

        new Trained(MetricLossOnly.recipe, options, [ data; labels ])

    /// Every network, on one thread.
    let run (clock: Clock) (quick: bool) (only: string) : unit =
        let threads = torch.get_num_threads ()
        torch.set_num_threads 1

        Report.compare
            $"Iteration with Adam, batch {Workload.batchSize}, 1 thread, {clock} time"
            "with average"
            "without"

        let rounds, seconds = if quick then 4, 0.0 else 40, 10.0

        Trained.compare clock only rounds seconds (fun workload ->
            struct (trained workload (WeightAveraging.Exponential 0.999), trained workload null))

        torch.set_num_threads threads
