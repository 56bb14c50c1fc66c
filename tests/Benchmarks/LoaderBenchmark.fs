namespace MetricLearning.Benchmarks

open System
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// The loader against `index_select` alone, on a data set of two tensors.
module LoaderBenchmark =

    let private count = 12800L
    let private batches = int count / Workload.batchSize

    let private byHand (data: torch.Tensor) (labels: torch.Tensor) () =
        use order = torch.randperm (count, dtype = torch.int64)

        for batch in 0 .. batches - 1 do
            use _ = torch.NewDisposeScope()
            let size = int64 Workload.batchSize
            let index = order.narrow (0L, int64 batch * size, size)
            data.index_select (0L, index) |> ignore
            labels.index_select (0L, index) |> ignore

    let private measure (clock: Clock) (rounds: int) (seconds: float) (width: int64) (workers: int) : Finding =
        use data = torch.randn (count, width)
        use labels = torch.randint (16L, [| count |])

        let source =
            BatchSource.ofDataset Reading.Default (TrainingData.FromTensors(data, labels))

        use loader =
            new Loader(source, DataOrder.shuffled count Workload.batchSize, workers)

        let seed = Seed.ofInt64 1L
        let mutable cursor = Cursor.start

        let load () =
            for _ in 1..batches do
                let loaded = loader.Fetch(seed, cursor, CancellationToken.None)
                (loaded.Batch :> IDisposable).Dispose()
                cursor <- loaded.After

        Interleaved.compare
            clock
            $"rows of {width}, {workers} workers"
            (Some 1.2)
            batches
            rounds
            seconds
            load
            (byHand data labels)

    /// Rows of 784 numbers, with and without workers.
    let run (clock: Clock) (quick: bool) : unit =
        Report.head $"Loading a batch of {Workload.batchSize} from two tensors, {clock} time"

        for workers in [ 0; 2 ] do
            measure clock (if quick then 4 else 40) (if quick then 0.0 else 5.0) 784L workers
            |> Report.line
