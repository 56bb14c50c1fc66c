namespace MetricLearning.Benchmarks

open TorchSharp
open MetricLearning
open MetricLearning.Core

/// An iteration of each trainer against the loop by hand, with Adam for every network.
module TrainerBenchmark =

    let private iterations = 20
    let private target = 1.05

    let private data (inputs: int) : struct (torch.Tensor list * torch.Tensor) =
        torch.manual_seed 1L |> ignore
        let count = int64 (iterations * Workload.batchSize)
        struct ([ for _ in 1..inputs -> torch.randn (count, 64L) ], torch.randint (16L, [| count |]))

    let private byHand (work: TrainerWork) : HandWritten =
        let networks = work.Networks()
        let byKey = Map.ofList networks
        let struct (data, labels) = data work.Inputs

        new HandWritten(
            [ for _, network in networks -> network ],
            [ for _, network in networks -> torch.optim.Adam(network.parameters (), 1e-3) ],
            data,
            labels,
            Workload.batchSize,
            work.ByHand(fun key -> byKey[key])
        )

    let private trained (work: TrainerWork) : Trained =
        let networks = work.Networks()
        let struct (data, labels) = data work.Inputs

        let options =
            RunOptions(
                Models = Models.Of [ for key, network in networks -> key, (network :> torch.nn.Module) ],
                LossFuncs = LossFuncs.Of(work.Losses()),
                Optimizers = Optimizers.Of [ for key, _ in networks -> Keys.optimizerOf key, PureOptimizer.Adam(1e-3) ],
                BatchSize = Workload.batchSize,
                Dataset = TrainingData.FromTensors(data, labels),
                MiningFuncs = MiningFuncs.Of [ for key, miner in work.Miners -> key, (miner :> obj) ]
            )

        new Trained(work.Recipe, options, [ yield! data; labels ])

    /// Every trainer, on one thread.
    let run (clock: Clock) (quick: bool) (only: string) : unit =
        let threads = torch.get_num_threads ()
        torch.set_num_threads 1
        Report.head $"Trainers, batch {Workload.batchSize}, 1 thread, {clock} time"

        for work in TrainerWork.all do
            if work.Name.Contains only then
                use trained = trained work
                use byHand = byHand work
                let rounds, seconds = if quick then 2, 0.0 else 20, 8.0

                Interleaved.compare clock work.Name (Some target) iterations rounds seconds trained.Epoch byHand.Epoch
                |> Report.line

        torch.set_num_threads threads
