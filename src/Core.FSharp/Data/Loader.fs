namespace MetricLearning

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Diagnostics
open System.Threading
open MetricLearning.Core

/// A batch and the place in the order of data after it.
[<ReferenceEquality>]
type Loaded =
    {
        /// The caller disposes it. Of several processes, each has its rows of it.
        Batch: Batch
        /// The samples of the whole batch.
        Samples: int64[]
        /// The place in the order of data after the batch.
        After: Cursor
        /// True for the last batch of a pass.
        EndsPass: bool
    }

/// Yields the batch at a cursor and prepares the ones that follow on `workers` threads of its own; with 0 workers, and
/// for tensor data sets, all work is done on the caller's thread. The batches do not depend on the workers.
/// Asking for a cursor other than the next drops the prepared batches. A user's own sequence is never enumerated ahead.
///
/// It owns the source. Only `Dispose` may be called from another thread.
[<Sealed>]
type Loader internal (source: BatchSource, order: DataOrder, workers: int, part: int, parts: int) =

    do
        ArgumentNullException.ThrowIfNull(source, nameof source)
        ArgumentNullException.ThrowIfNull(order, nameof order)

        if workers < 0 then
            invalidArg
                (nameof workers)
                $"dataloaderNumWorkers is {workers}: it must be 0 (the caller's thread) or more."

    let depth = if source.IsCheap then 0 else 2 * workers
    let gate = obj ()
    let ahead = Queue<Prefetch>()
    let toDo = new BlockingCollection<Prefetch>()
    let mutable next: struct (Seed * Cursor) voption = ValueNone
    let mutable disposed = false
    let mutable waited = TimeSpan.Zero

    let read (indices: int64[]) (seed: Seed) (token: CancellationToken) : Batch =
        if parts = 1 then
            source.Fetch(indices, seed, token)
        else
            source.FetchPart(indices, part, parts, seed, token)

    let threads =
        lazy
            [|
                for number in 1..workers ->
                    let thread =
                        Thread(
                            (fun () ->
                                for job in toDo.GetConsumingEnumerable() do
                                    job.Run read),
                            IsBackground = true,
                            Name = $"Loader {number}"
                        )

                    thread.Start()
                    thread
            |]

    let discardAll () =
        for job in ahead do
            job.Discard()

        ahead.Clear()
        next <- ValueNone

    let plan (seed: Seed) (cursor: Cursor) =
        let portion = order.Take(seed, cursor)
        let job = Prefetch(seed, cursor, portion)
        ahead.Enqueue job
        toDo.Add job
        next <- ValueSome(struct (seed, portion.After))

    let planAhead () =
        let mutable more = true

        while more && ahead.Count < depth do
            match next with
            | ValueSome(struct (seed, cursor)) when order.IsDrawn cursor ->
                try
                    plan seed cursor
                with _ ->
                    // Raised where that batch is asked for.
                    more <- false
            | _ -> more <- false

    let ready (seed: Seed) (cursor: Cursor) : Prefetch =
        lock gate (fun () ->
            ObjectDisposedException.ThrowIf(disposed, typeof<Loader>)
            threads.Force() |> ignore

            if ahead.Count = 0 || not (ahead.Peek().IsAt(seed, cursor)) then
                discardAll ()
                plan seed cursor

            planAhead ()
            ahead.Peek())

    // True where the prefetch was still waited for: otherwise its batch is disposed already, or will be.
    let finish (job: Prefetch) : bool =
        lock gate (fun () ->
            let expected =
                not disposed && ahead.Count > 0 && obj.ReferenceEquals(ahead.Peek(), job)

            if expected then
                ahead.Dequeue() |> ignore
                planAhead ()

            expected)

    let prefetched (seed: Seed) (cursor: Cursor) (cancellationToken: CancellationToken) : Loaded =
        let job = ready seed cursor

        try
            let batch = job.Wait cancellationToken

            if not (finish job) then
                raise (OperationCanceledException())

            {
                Batch = batch
                Samples = job.BatchIndices.Indices
                After = job.BatchIndices.After
                EndsPass = job.BatchIndices.EndsPass
            }
        with
        | :? OperationCanceledException when disposed -> raise (ObjectDisposedException(nameof Loader))
        // The prefetch goes on; its batch waits until it is asked for again.
        | :? OperationCanceledException when cancellationToken.IsCancellationRequested -> reraise ()
        | _ ->
            finish job |> ignore
            reraise ()

    let inPlace (seed: Seed) (cursor: Cursor) (cancellationToken: CancellationToken) : Loaded =
        ObjectDisposedException.ThrowIf(disposed, typeof<Loader>)
        let portion = order.Take(seed, cursor)

        {
            Batch = read portion.Indices (Prefetch.SeedAt(seed, cursor)) cancellationToken
            Samples = portion.Indices
            After = portion.After
            EndsPass = portion.EndsPass
        }

    /// Whole batches.
    new(source: BatchSource, order: DataOrder, workers: int) = new Loader(source, order, workers, 0, 1)

    /// The data set.
    member _.Source = source

    /// The order of its samples.
    member _.Order = order

    /// The batch at the cursor. Rethrows what reading or collating it threw, naming the sample; other cursors keep working.
    /// OperationCanceledException when the token is cancelled: nothing is lost.
    member _.Fetch(seed: Seed, cursor: Cursor, cancellationToken: CancellationToken) : Loaded =
        ArgumentNullException.ThrowIfNull(cursor, nameof cursor)
        cancellationToken.ThrowIfCancellationRequested()
        let start = Stopwatch.GetTimestamp()

        try
            if depth = 0 then
                inPlace seed cursor cancellationToken
            else
                prefetched seed cursor cancellationToken
        finally
            waited <- waited + Stopwatch.GetElapsedTime start

    /// The time that all calls of `Fetch` took so far: that of reading without workers, that of waiting for them with workers.
    member _.Waited: TimeSpan = waited

    /// Drops the batches that were prepared. They are prepared again when asked for.
    member _.Rest() = lock gate discardAll

    interface IDisposable with

        /// Waits, for ten seconds at most, until the workers have finished the samples they are reading.
        member _.Dispose() =
            let first =
                lock gate (fun () ->
                    let first = not disposed
                    disposed <- true
                    first)

            if first then
                toDo.CompleteAdding()

                lock gate (fun () ->
                    let waiting = ahead.ToArray()
                    discardAll ()

                    for job in waiting do
                        job.Abandon())

                if threads.IsValueCreated then
                    let deadline = DateTime.UtcNow.AddSeconds 10.0

                    for thread in threads.Value do
                        if thread <> Thread.CurrentThread then
                            let left = deadline - DateTime.UtcNow
                            thread.Join(if left > TimeSpan.Zero then left else TimeSpan.Zero) |> ignore

                (source :> IDisposable).Dispose()
