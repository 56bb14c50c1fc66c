namespace MetricLearning.Benchmarks

open TorchSharp

/// A trainer's iteration against the loop by hand.
module IterationBenchmark =

    let private measure (clock: Clock) (rounds: int) (seconds: float) (workload: Workload) (choice: Choice) : Finding =
        let struct (data, labels) = Workload.data workload
        let network = Workload.start workload
        let optimizer = choice.Torch(network.parameters ())

        use byHand =
            HandWritten.ofNetwork
                network
                (Workload.loss ())
                optimizer
                (data.clone ())
                (labels.clone ())
                Workload.batchSize

        use trained =
            Trained.ofNetwork (Workload.start workload) (Workload.loss ()) choice data labels Workload.batchSize

        Interleaved.compare
            clock
            $"{workload.Name}, {choice.Name}"
            (Some workload.Target)
            workload.Iterations
            rounds
            seconds
            trained.Epoch
            byHand.Epoch

    /// Every network with every optimizer, on one thread and on as many as libtorch takes by itself.
    let run (clock: Clock) (quick: bool) (only: string) : unit =
        let threads = torch.get_num_threads ()

        for threads in List.distinct [ 1; threads ] do
            torch.set_num_threads threads
            Report.head $"Iteration, batch {Workload.batchSize}, {Report.threads threads}, {clock} time"

            for workload in Workload.all do
                if workload.Name.Contains only then
                    for choice in Workload.choices do
                        let rounds, seconds = if quick then 4, 0.0 else 20, 8.0
                        measure clock rounds seconds workload choice |> Report.line

        torch.set_num_threads threads
