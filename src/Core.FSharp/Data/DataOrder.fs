namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open MetricLearning.Core

/// The order of samples, cut into batches. The batch at a cursor is a function of seed and cursor; the passes that are
/// remembered only save time.
///
/// The user's own sequences are enumerated when the first batch of a pass is asked for, never ahead. The drawn pass
/// belongs to that cursor: asking again with the same cursor gives the same pass, and every later cursor carries it.
[<Sealed>]
type DataOrder internal (source: PassSource, batchSize: int, batchesPerPass: Nullable<int64>, name: string) =
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
        match source, cursor.PassMemory with
        | PassSource.Computed read, PassMemory.Nothing ->
            remembered (struct (seed, cursor.Pass)) (fun () -> read seed cursor.Pass)
        | PassSource.Enumerated(_, reopen), PassMemory.Endless ->
            remembered (struct (Seed.ofInt64 0L, cursor.Pass)) reopen
        | (PassSource.Enumerated _ | PassSource.DrawnFromWeights _), PassMemory.Indices indices when batchSize > 0 ->
            cut indices
        | (PassSource.Enumerated _ | PassSource.DrawnFromWeights _), PassMemory.Batches batches when batchSize = 0 ->
            fun place ->
                if place < batches.LongLength then
                    ValueSome batches[int place]
                else
                    ValueNone
        | _ -> misfit ()

    // What a sequence or sampler of the user's raises, and what is wrong with it.
    let ofOrder (act: unit -> 'T) : 'T =
        Parts.run (fun () -> $"The order of data ({name})") (fun () -> lock gate act)

    let isDrawn (cursor: Cursor) =
        match source, cursor.PassMemory with
        | (PassSource.Enumerated _ | PassSource.DrawnFromWeights _), PassMemory.Nothing -> false
        | _ -> true

    let draw (processes: Processes) (seed: Seed) (cursor: Cursor) =
        match source, cursor.PassMemory with
        | PassSource.Enumerated(draw, _), PassMemory.Nothing when cursor.Taken = 0L ->
            { cursor with
                PassMemory = drawn.GetValue(cursor, fun _ -> draw ())
            }
        // Not remembered: other weights, another pass.
        | PassSource.DrawnFromWeights(_, draw), PassMemory.Nothing when cursor.Taken = 0L ->
            { cursor with
                PassMemory = draw processes seed cursor.Pass
            }
        | _ -> cursor

    /// The number of batches in every pass, or null where that is not known beforehand.
    member _.BatchesPerPass = batchesPerPass

    /// True where the batch at the cursor depends neither on a sequence of the user's that was not enumerated yet, nor on the
    /// weights.
    member _.IsDrawn(cursor: Cursor) : bool =
        ArgumentNullException.ThrowIfNull(cursor, nameof cursor)
        isDrawn cursor

    /// The cursor with its pass drawn, where that is a sequence of the user's that was not enumerated yet, or depends on the
    /// weights.
    member _.Draw(seed: Seed, cursor: Cursor) : Cursor =
        ArgumentNullException.ThrowIfNull(cursor, nameof cursor)
        ofOrder (fun () -> draw Processes.Alone seed cursor)

    /// True where all processes of a run must draw the pass together.
    member internal _.IsDrawnTogether: bool =
        match source with
        | PassSource.DrawnFromWeights(isTogether, _) -> isTogether
        | _ -> false

    /// The same as `Draw`, in all processes together.
    member internal _.DrawTogether(processes: Processes, seed: Seed, cursor: Cursor) : Cursor =
        ofOrder (fun () -> draw processes seed cursor)

    /// The batch at the cursor. InvalidOperationException if the pass holds no full batch, or ends before the cursor.
    member _.Take(seed: Seed, cursor: Cursor) : BatchIndices =
        ArgumentNullException.ThrowIfNull(cursor, nameof cursor)

        ofOrder (fun () ->
            let cursor = draw Processes.Alone seed cursor
            let read = reader seed cursor

            match read cursor.Taken with
            | ValueNone when cursor.Taken = 0L && batchSize > 0 ->
                invalidOp
                    $"Pass {cursor.Pass} of {name} holds no full batch of {batchSize} samples: give a smaller BatchSize, or an order with longer passes."
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
