namespace MetricLearning.Benchmarks

open System
open System.Diagnostics
open System.IO
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// Iterations with records in files of every kind, every 50 of them, against the same without; and what a record, and forcing all of
/// them to disk, takes.
module RecordBenchmark =

    let private every = 50
    let private iterations = 2 * every
    let private target = 1.03

    let private start (workload: Workload) : Session =
        let struct (data, labels) =
            Workload.data
                { workload with
                    Iterations = iterations
                }

        Setup.prepare
            MetricLossOnly.recipe
            (RunOptions(
                Models = Models(Trunk = Workload.start workload),
                LossFuncs = LossFuncs(MetricLoss = Workload.loss ()),
                Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3)),
                BatchSize = Workload.batchSize,
                Dataset = TrainingData.FromTensors(data, labels),
                Seed = 3L,
                DataDevice = torch.CPU,
                DataloaderNumWorkers = 2
            ))
        |> Session.Start

    let private block (session: Session) (record: unit -> unit) () : unit =
        let number = session.Progress.Epoch + 1

        for event in session.Train(Some number, number, CancellationToken.None) do
            if event = Event.IterationEnded && (session.Progress.Iteration - 1) % every = 0 then
                record ()

    let private milliseconds (act: unit -> unit) : float =
        let watch = Stopwatch.StartNew()
        act ()
        watch.Elapsed.TotalMilliseconds

    // The ratio goes into the table; the row of records alone is returned.
    let private measure (clock: Clock) (quick: bool) (workload: Workload) : string list =
        let folder = Directory.CreateTempSubdirectory("records-").FullName

        try
            use keeper =
                RecordKeeper.InFolder(folder, Path.Combine(folder, "tensorboard"), null, null, true, false)

            use recorded = start workload
            use plain = start workload
            let records = ResizeArray<float>()

            let record () =
                records.Add(
                    milliseconds (fun () ->
                        keeper.Append(Recording.ofIteration recorded (recorded.Progress.Steps - 1L)))
                )

            let blocks = ref 0.0
            let rounds, seconds = if quick then 2, 0.0 else 50, 20.0

            Interleaved.compare
                clock
                workload.Name
                (Some target)
                iterations
                rounds
                seconds
                (fun () -> blocks.Value <- blocks.Value + milliseconds (block recorded record))
                (block plain ignore)
            |> Report.line

            let share = Seq.sum records / blocks.Value

            let time (milliseconds: float) =
                Report.time (TimeSpan.FromMilliseconds milliseconds)

            [
                workload.Name
                time (Seq.average records)
                $"{100.0 * share:F1} %%"
                time (milliseconds keeper.Flush)
            ]
        finally
            Directory.Delete(folder, true)

    /// On one thread.
    let run (clock: Clock) (quick: bool) : unit =
        let threads = torch.get_num_threads ()
        torch.set_num_threads 1

        Report.compare
            $"Iteration with Adam and a record every {every} iterations, batch {Workload.batchSize}, 1 thread, {clock} time"
            "with records"
            "without"

        let records =
            [
                for workload in [ Workload.tiny; Workload.wide ] -> measure clock quick workload
            ]

        Report.table "Records alone, wall time" [ ""; "a record"; "share of the run"; "forcing all to disk" ]
        List.iter Report.row records
        torch.set_num_threads threads
