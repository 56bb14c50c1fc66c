namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open System.Runtime.CompilerServices

/// The order in which samples are taken, cut into batches. Which batch lies at a cursor is a function of seed and
/// cursor; that the order remembers the passes it last looked at only saves time.
///
/// The user's own sequences are enumerated when the first batch of a pass is asked for, never ahead. What was
/// drawn belongs to that cursor: asking again with the same cursor gives the same pass, and every later cursor carries it.
[<Sealed>]
type DataOrder internal (kind: OrderKind, batchSize: int, batchesPerPass: Nullable<int64>, name: string) =
    let passes = Queue<struct (Seed * int64) * (PassReader * IDisposable)>()
    let drawn = ConditionalWeakTable<Cursor, PassMemory>()
    let gate = obj ()

    let remembered (key: struct (Seed * int64)) (make: unit -> PassReader * IDisposable) : PassReader =
        match passes |> Seq.tryFind (fun (known, _) -> known = key) with
        | Some(_, (pass, _)) -> pass
        | None ->
            let made = make ()

            // Two neighbouring passes of two forks.
            if passes.Count = 4 then
                (passes.Dequeue() |> snd |> snd).Dispose()

            passes.Enqueue(key, made)
            fst made

    let cut (indices: int64[]) : PassReader =
        fun place ->
            if (place + 1L) * int64 batchSize <= indices.LongLength then
                ValueSome(Array.sub indices (int place * batchSize) batchSize)
            else
                ValueNone

    let misfit () =
        invalidOp
            $"This position in the order of data was not made by {name}: go on with the sampler that the state was trained with, or begin a new pass."

    let reader (seed: Seed) (cursor: Cursor) : PassReader =
        match kind, cursor.PassMemory with
        | OrderKind.Pure read, PassMemory.Nothing ->
            remembered (struct (seed, cursor.Pass)) (fun () -> read seed cursor.Pass)
        | OrderKind.Own(_, reopen), PassMemory.Endless -> remembered (struct (Seed.ofInt64 0L, cursor.Pass)) reopen
        | (OrderKind.Own _ | OrderKind.OfWeights _), PassMemory.Indices indices when batchSize > 0 -> cut indices
        | OrderKind.Own _, PassMemory.Batches batches when batchSize = 0 ->
            fun place ->
                if place < batches.LongLength then
                    ValueSome batches[int place]
                else
                    ValueNone
        | _ -> misfit ()

    let isDrawn (cursor: Cursor) =
        match kind, cursor.PassMemory with
        | (OrderKind.Own _ | OrderKind.OfWeights _), PassMemory.Nothing -> false
        | _ -> true

    let draw (seed: Seed) (cursor: Cursor) =
        match kind, cursor.PassMemory with
        | OrderKind.Own(draw, _), PassMemory.Nothing when cursor.Taken = 0L ->
            { cursor with
                PassMemory = drawn.GetValue(cursor, fun _ -> draw ())
            }
        // Not remembered: other weights, another pass.
        | OrderKind.OfWeights draw, PassMemory.Nothing when cursor.Taken = 0L ->
            { cursor with
                PassMemory = PassMemory.Indices(draw seed cursor.Pass)
            }
        | _ -> cursor

    /// The number of batches in every pass, or null where that is not known beforehand.
    member _.BatchesPerPass = batchesPerPass

    /// Whether the batch at the cursor can be told without enumerating a sequence of the user's, or looking at what networks
    /// have learned.
    member _.IsDrawn(cursor: Cursor) : bool = isDrawn cursor

    /// The cursor with its pass drawn, where that is a sequence of the user's that was not enumerated yet, or depends on
    /// what networks have learned.
    member _.Draw(seed: Seed, cursor: Cursor) : Cursor = lock gate (fun () -> draw seed cursor)

    /// The batch at the cursor. InvalidOperationException if the pass holds no full batch, or ends before the cursor.
    member _.Take(seed: Seed, cursor: Cursor) : BatchIndices =
        lock gate (fun () ->
            let cursor = draw seed cursor
            let read = reader seed cursor

            match read cursor.Taken with
            | ValueNone when cursor.Taken = 0L && batchSize > 0 ->
                invalidOp
                    $"Pass {cursor.Pass} of {name} holds no full batch of {batchSize} samples: give a smaller batchSize, or an order with longer passes."
            | ValueNone when cursor.Taken = 0L -> invalidOp $"Pass {cursor.Pass} of {name} holds no batch."
            | ValueNone ->
                invalidOp
                    $"Pass {cursor.Pass} of {name} ends before batch {cursor.Taken}, where this state stands: the order has changed since the state was made. Begin a new pass, or go on with the same data and sampler."
            | ValueSome indices when isNull (box indices) ->
                invalidOp $"Batch {cursor.Taken} of pass {cursor.Pass} of {name} is null."
            | ValueSome [||] -> invalidOp $"Batch {cursor.Taken} of pass {cursor.Pass} of {name} is empty."
            | ValueSome indices ->
                let endsPass = (read (cursor.Taken + 1L)).IsNone

                {
                    Indices = indices
                    After =
                        if endsPass then
                            Cursor.nextPass cursor
                        else
                            { cursor with
                                Taken = cursor.Taken + 1L
                            }
                    EndsPass = endsPass
                })

/// The orders of data there are.
module DataOrder =

    // Longer sequences of the user's are counted, not remembered.
    let private longest = 1_000_000

    let private checkBatchSize (batchSize: int) =
        if batchSize < 1 then
            invalidArg (nameof batchSize) $"batchSize is {batchSize}: it must be at least 1."

    let private checkFull (what: string) (count: int64) (batchSize: int) =
        if count < int64 batchSize then
            invalidArg
                (nameof batchSize)
                $"{what}, fewer than one batch of {batchSize} (incomplete batches are dropped): give a smaller batchSize, or more data."

    let private ofPages (batchSize: int) (items: seq<int64>) : PassReader * IDisposable =
        let pages = new RewindableSequence<int64>(items)

        (fun place ->
            let batch = pages.Slice(place * int64 batchSize, batchSize)

            if batch.Length = batchSize then
                ValueSome batch
            else
                ValueNone),
        pages

    // A pass that holds nothing open.
    let private nothing =
        { new IDisposable with
            member _.Dispose() = ()
        }

    // Of a pass that lies in memory anyway; copying it item by item costs as much as a small batch.
    let private ofArray (batchSize: int) (items: int64[]) : PassReader * IDisposable =
        (fun place ->
            if (place + 1L) * int64 batchSize <= items.LongLength then
                ValueSome(Array.sub items (int place * batchSize) batchSize)
            else
                ValueNone),
        nothing

    let private ofBatchPages (items: seq<int64[]>) : PassReader * IDisposable =
        let pages = new RewindableSequence<int64[]>(items)

        (fun place ->
            match pages.Slice(place, 1) with
            | [| batch |] -> ValueSome batch
            | _ -> ValueNone),
        pages

    let private passOf (sampler: obj) (pass: int64) (items: seq<'T>) : seq<'T> =
        if isNull (box items) then
            invalidOp $"Pass {pass} of {sampler.GetType().Name} is null; it must be a sequence."

        items

    // Up to `longest` indices are read to tell; an endless sequence is then read again, batch by batch.
    let private upTo (size: 'T -> int) (items: seq<'T>) : 'T[] voption =
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

    let private perPass (length: Nullable<int64>) (batchSize: int) =
        if length.HasValue then
            Nullable(length.Value / int64 batchSize)
        else
            Nullable()

    /// Every one of `count` samples once a pass, shuffled; the incomplete batch at the end of a pass is dropped.
    /// ArgumentException if not even one batch is full.
    let shuffled (count: int64) (batchSize: int) : DataOrder =
        checkBatchSize batchSize
        checkFull $"The data set has {count} samples" count batchSize

        let read (seed: Seed) (pass: int64) =
            ofArray batchSize (Seed.shuffle [| 0L .. count - 1L |] (Seed.derive "data order" pass seed))

        DataOrder(OrderKind.Pure read, batchSize, Nullable(count / int64 batchSize), "the shuffled data set")

    /// Every one of `count` samples once a pass, in their order; the last batch of a pass may be a smaller one.
    /// ArgumentException if there are none.
    let sequential (count: int64) (batchSize: int) : DataOrder =
        checkBatchSize batchSize

        if count < 1L then
            invalidArg (nameof count) "The data set has no samples: give at least one."

        let read (_: Seed) (_: int64) =
            (fun place ->
                let first = place * int64 batchSize

                if first < count then
                    ValueSome [| first .. min count (first + int64 batchSize) - 1L |]
                else
                    ValueNone),
            nothing

        DataOrder(
            OrderKind.Pure read,
            0,
            Nullable((count + int64 batchSize - 1L) / int64 batchSize),
            "the data set in its order"
        )

    /// The sampler's passes, cut into batches of which an incomplete one at the end of a pass is dropped.
    let sampled (sampler: Sampler) (batchSize: int) : DataOrder =
        checkBatchSize batchSize
        let name = sampler.GetType().Name

        if sampler.PassLength.HasValue then
            checkFull $"A pass of {name} has {sampler.PassLength.Value} samples" sampler.PassLength.Value batchSize

        let indices (seed: Seed) (pass: int64) =
            passOf sampler pass (sampler.Pass(Seed.derive "sampler" 0L seed, pass))

        let kind =
            if sampler.DependsOnWeights then
                OrderKind.OfWeights(fun seed pass -> Seq.toArray (indices seed pass))
            else
                OrderKind.Pure(fun seed pass -> ofPages batchSize (indices seed pass))

        DataOrder(kind, batchSize, perPass sampler.PassLength batchSize, name)

    /// The batch sampler's batches as they are.
    let batched (sampler: BatchSampler) : DataOrder =
        let read (seed: Seed) (pass: int64) =
            ofBatchPages (passOf sampler pass (sampler.Pass(Seed.derive "sampler" 0L seed, pass)))

        DataOrder(OrderKind.Pure read, 0, sampler.Length, sampler.GetType().Name)

    /// The user's own sequence of sample indices, enumerated once a pass and cut into batches, the incomplete one dropped.
    let ofIndices (indices: seq<int64>) (batchSize: int) : DataOrder =
        checkBatchSize batchSize

        let draw () =
            match upTo (fun _ -> 1) indices with
            | ValueSome all -> PassMemory.Indices all
            | ValueNone -> PassMemory.Endless

        DataOrder(
            OrderKind.Own(draw, (fun () -> ofPages batchSize indices)),
            batchSize,
            Nullable(),
            "the sequence of indices"
        )

    /// The user's own sequence of batches, enumerated once a pass.
    let ofBatches (batches: seq<int64[]>) : DataOrder =
        let draw () =
            match upTo Array.length batches with
            | ValueSome all -> PassMemory.Batches all
            | ValueNone -> PassMemory.Endless

        DataOrder(OrderKind.Own(draw, (fun () -> ofBatchPages batches)), 0, Nullable(), "the sequence of batches")
