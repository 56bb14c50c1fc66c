module MetricLearning.Core.Tests.Support.Loading

open System
open System.Threading
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations

let seed = Seed.ofInt64 11L
let count = 40L

/// Samples whose data depend on index and chance, and take their time in turns.
let samples (broken: int64) =
    TrainingData.FromSamples(
        count,
        fun index seed ->
            if index = broken then
                raise (FormatException $"sample {index} is rotten")

            if index % 3L = 0L then
                Thread.SpinWait 10_000

            struct (torch.tensor [| float32 index; (seed.Random().NextSingle()) |], index % 4L)
    )

/// Samples that tell when one is asked for, and wait to be read until the gate is open.
let gated (asked: ManualResetEventSlim) (gate: ManualResetEventSlim) =
    TrainingData.FromSamples(
        count,
        fun index _ ->
            asked.Set()
            gate.Wait()
            struct (float32 index, 0)
    )

let orders: (unit -> DataOrder)[] =
    [|
        fun () -> DataOrder.shuffled count 6
        fun () -> DataOrder.sampled (MPerClassSampler([| for index in 0L .. count - 1L -> index % 4L |], 2, 8, 30L)) 8
        fun () -> DataOrder.ofIndices [ 0L .. count - 1L ] 7
        fun () -> DataOrder.ofBatches [ [| 1L |]; [| 2L; 3L |]; [| 4L; 5L; 6L |] ]
    |]

let loader dataset (order: DataOrder) workers =
    new Loader(BatchSource.ofDataset Reading.Default dataset, order, workers)

type Seen =
    {
        Indices: int64[]
        Data: float[]
        Labels: int64[]
        After: Cursor
        EndsPass: bool
    }

let fetch (loader: Loader) (cursor: Cursor) =
    let loaded = loader.Fetch(seed, cursor, CancellationToken.None)
    use batch = loaded.Batch

    {
        Indices = batch.Indices
        Data = floats batch.Data[0]
        Labels = numbers batch.Labels
        After = loaded.After
        EndsPass = loaded.EndsPass
    }

let run (loader: Loader) batches cursor =
    (cursor, [ 1..batches ])
    ||> List.mapFold (fun cursor _ ->
        let seen = fetch loader cursor
        seen, seen.After)
    |> fst
