namespace MetricLearning.Benchmarks

open System
open System.IO
open System.Threading
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Records
open MetricLearning.Core.Trainers

/// An epoch with records in files of every kind, every 50 iterations and forced to disk at its end, against one without.
module RecordBenchmark =

    let private every = 50
    let private target = 1.03

    let private start (workload: Workload) (iterations: int) : Session =
        let struct (data, labels) =
            Workload.data
                { workload with
                    Iterations = iterations
                }

        Setup.prepare
            MetricLossOnly.recipe
            { Ingredients.create
                  [ "trunk", Workload.start workload ]
                  [ "metric_loss", Workload.loss () ]
                  [ "trunk_optimizer", Optimizer.adam 1e-3 ]
                  Workload.batchSize
                  (Dataset.ofTensors data labels) with
                Seed = Some 3L
                Device = Some torch.CPU
                Workers = 2
            }
        |> Session.Start

    let private epoch (session: Session) (keeper: RecordKeeper option) () : unit =
        let number = session.Progress.Epoch + 1

        for event in session.Train(Some number, number, CancellationToken.None) do
            match event, keeper with
            | Event.IterationEnded, Some keeper when (session.Progress.Iteration - 1) % every = 0 ->
                keeper.Append(Recording.ofIteration session (session.Progress.Steps - 1L))
            | Event.EpochEnded, Some keeper -> keeper.Flush()
            | _ -> ()

    let private measure (clock: Clock) (quick: bool) (workload: Workload) (iterations: int) : unit =
        let folder = Directory.CreateTempSubdirectory("records-").FullName

        try
            use keeper =
                RecordKeeper.InFolder(folder, Path.Combine(folder, "tensorboard"), null, null, true, false)

            use recorded = start workload iterations
            use plain = start workload iterations
            let rounds, seconds = if quick then 2, 0.0 else 20, 20.0

            Interleaved.compare
                clock
                $"{workload.Name}, {iterations} iterations"
                (Some target)
                iterations
                rounds
                seconds
                (epoch recorded (Some keeper))
                (epoch plain None)
            |> Report.line
        finally
            Directory.Delete(folder, true)

    /// On one thread.
    let run (clock: Clock) (quick: bool) : unit =
        let threads = torch.get_num_threads ()
        torch.set_num_threads 1
        Report.head $"Records every {every} iterations, an epoch with them and one without, 1 thread, {clock} time"
        measure clock quick Workload.tiny (if quick then 100 else 500)
        measure clock quick Workload.wide 100
        torch.set_num_threads threads
