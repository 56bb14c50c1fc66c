namespace MetricLearning

open System
open MetricLearning.Core

// The batch at a place of a pass; none beyond its end.
type internal PassReader = int64 -> int64[] voption

/// The ways in which a pass comes about.
[<RequireQualifiedAccess>]
type internal PassSource =
    /// A function of seed and number of the pass.
    | Computed of read: (Seed -> int64 -> PassReader * IDisposable)
    /// The user's sequence, enumerated once a pass.
    | Enumerated of draw: (unit -> PassMemory) * reopen: (unit -> PassReader * IDisposable)
    /// A function of seed, number and the weights at the beginning of the pass; the state keeps it. Drawn by all processes together, or
    /// by the first for all.
    | DrawnFromWeights of isTogether: bool * draw: (Processes -> Seed -> int64 -> PassMemory)

/// Readers of passes, with what is to be disposed after them.
module internal PassReader =

    // Longer sequences of the user's are counted, not remembered.
    let private longest = 1_000_000

    // A pass that holds nothing open.
    let private nothing =
        { new IDisposable with
            member _.Dispose() = ()
        }

    /// Full batches of a sequence of indices.
    let ofPages (batchSize: int) (items: seq<int64>) : PassReader * IDisposable =
        let pages = new RewindableSequence<int64>(items)

        (fun place ->
            let batch = pages.Slice(place * int64 batchSize, batchSize)

            if batch.Length = batchSize then
                ValueSome batch
            else
                ValueNone),
        pages

    /// Full batches of a pass that lies in memory anyway; copying it item by item would cost as much as a small batch.
    let ofArray (batchSize: int) (items: int64[]) : PassReader * IDisposable =
        (fun place ->
            if (place + 1L) * int64 batchSize <= items.LongLength then
                ValueSome(Array.sub items (int place * batchSize) batchSize)
            else
                ValueNone),
        nothing

    /// Batches that a function computes from their place.
    let computed (at: PassReader) : PassReader * IDisposable = at, nothing

    /// The batches of a sequence.
    let ofBatchPages (items: seq<int64[]>) : PassReader * IDisposable =
        let pages = new RewindableSequence<int64[]>(items)

        (fun place ->
            match pages.Slice(place, 1) with
            | [| batch |] -> ValueSome batch
            | _ -> ValueNone),
        pages

    /// All items, or none where there are more than a million indices: such a sequence, which may be endless, is read again,
    /// batch by batch.
    let upTo (size: 'T -> int) (items: seq<'T>) : 'T[] voption =
        let read = ResizeArray<'T>()
        let mutable total = 0L
        use reader = items.GetEnumerator()

        while total <= int64 longest && reader.MoveNext() do
            read.Add reader.Current
            total <- total + int64 (max 1 (size reader.Current))

        if total <= int64 longest then
            ValueSome(read.ToArray())
        else
            ValueNone
