namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Threading

/// A batch and what follows it in the order of data.
[<ReferenceEquality>]
type Loaded =
    {
        /// The caller's to dispose.
        Batch: Batch
        /// Where the order stands after the batch.
        After: Cursor
        /// Whether the batch was the last of its pass.
        EndsPass: bool
    }

/// Yields the batch at a cursor and prepares the ones that follow on `workers` threads of its own; with 0 workers, and
/// for tensor data sets, all work is done on the caller's thread. Which batch it yields does not depend on the workers.
/// Asking for another cursor than the next drops what was prepared. A user's own sequence is never enumerated ahead.
///
/// Takes over the source. Not for use from several threads at once, save `Dispose`.
[<Sealed>]
type Loader(source: BatchSource, order: DataOrder, workers: int) =

    do
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

    let threads =
        lazy
            [|
                for number in 1..workers ->
                    let thread =
                        Thread(
                            (fun () ->
                                for job in toDo.GetConsumingEnumerable() do
                                    job.Run source),
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
                    // Told to whoever asks for that batch.
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

    // Whether the job was still waited for: otherwise its batch is disposed already, or will be.
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
                After = job.BatchIndices.After
                EndsPass = job.BatchIndices.EndsPass
            }
        with
        | :? OperationCanceledException when disposed -> raise (ObjectDisposedException(nameof Loader))
        // The job goes on; its batch waits for whoever asks again.
        | :? OperationCanceledException when cancellationToken.IsCancellationRequested -> reraise ()
        | _ ->
            finish job |> ignore
            reraise ()

    let inPlace (seed: Seed) (cursor: Cursor) (cancellationToken: CancellationToken) : Loaded =
        ObjectDisposedException.ThrowIf(disposed, typeof<Loader>)
        let portion = order.Take(seed, cursor)

        {
            Batch = source.Fetch(portion.Indices, Prefetch.SeedAt(seed, cursor), cancellationToken)
            After = portion.After
            EndsPass = portion.EndsPass
        }

    /// The data set that is read.
    member _.Source = source

    /// The order it is read in.
    member _.Order = order

    /// The batch at the cursor. Throws what fetching it threw, naming the sample; other cursors go on working.
    /// OperationCanceledException when the token is cancelled: nothing is lost.
    member _.Fetch(seed: Seed, cursor: Cursor, cancellationToken: CancellationToken) : Loaded =
        cancellationToken.ThrowIfCancellationRequested()

        if depth = 0 then
            inPlace seed cursor cancellationToken
        else
            prefetched seed cursor cancellationToken

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
