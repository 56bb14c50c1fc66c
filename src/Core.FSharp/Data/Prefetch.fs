namespace MetricLearning

open System
open System.Threading
open System.Threading.Tasks
open MetricLearning.Core

// A batch being prepared. Discarding it disposes its tensors, now or once they are made.
[<Sealed>]
type internal Prefetch(seed: Seed, cursor: Cursor, portion: BatchIndices) =
    let result = TaskCompletionSource<Batch>()
    let stop = new CancellationTokenSource()

    member _.BatchIndices = portion

    member _.IsAt(otherSeed: Seed, other: Cursor) =
        seed = otherSeed && Cursor.same cursor other

    member _.Run(read: int64[] -> Seed -> CancellationToken -> Batch) =
        try
            stop.Token.ThrowIfCancellationRequested()
            let batch = read portion.Indices (Prefetch.SeedAt(seed, cursor)) stop.Token

            if not (result.TrySetResult batch) then
                (batch :> IDisposable).Dispose()
        with
        | :? OperationCanceledException when stop.IsCancellationRequested -> result.TrySetCanceled() |> ignore
        | error -> result.TrySetException error |> ignore

    /// Waits for the batch, or rethrows what making it threw.
    member _.Wait(cancellationToken: CancellationToken) : Batch =
        // Task.Wait would wrap the exception.
        Task.WaitAny([| result.Task :> Task |], cancellationToken) |> ignore
        result.Task.GetAwaiter().GetResult()

    member _.Discard() =
        stop.Cancel()

        result.Task.ContinueWith(
            (fun (finished: Task<Batch>) ->
                if finished.IsCompletedSuccessfully then
                    (finished.Result :> IDisposable).Dispose()
                else
                    ignore finished.Exception),
            TaskContinuationOptions.ExecuteSynchronously
        )
        |> ignore

    /// Cancels a prefetch that no worker will run any more.
    member _.Abandon() = result.TrySetCanceled() |> ignore

    /// The seed of randomness within samples: a function of the place in the order.
    static member SeedAt(seed: Seed, cursor: Cursor) =
        seed
        |> Seed.derive "samples of pass" cursor.Pass
        |> Seed.derive "batch" cursor.Taken
