namespace MetricLearning

open System
open MetricLearning.Core

/// The orders of data.
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module DataOrder =

    let private checkBatchSize (batchSize: int) =
        if batchSize < 1 then
            invalidArg (nameof batchSize) $"BatchSize is {batchSize}: it must be at least 1."

    let private checkFull (what: string) (count: int64) (batchSize: int) =
        if count < int64 batchSize then
            invalidArg
                (nameof batchSize)
                $"{what}, fewer than one batch of {batchSize} (incomplete batches are dropped): give a smaller BatchSize, or more data."

    let private passOf (sampler: obj) (pass: int64) (items: seq<'T>) : seq<'T> =
        if isNull (box items) then
            invalidOp $"Pass {pass} of {sampler.GetType().Name} is null; it must be a sequence."

        items

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
            PassReader.ofArray batchSize (Seed.shuffle [| 0L .. count - 1L |] (Seed.derive "data order" pass seed))

        DataOrder(PassSource.Computed read, batchSize, Nullable(count / int64 batchSize), "the shuffled data set")

    /// Every one of `count` samples once a pass, in their order; the last batch of a pass may be a smaller one.
    /// ArgumentException if there are none.
    let sequential (count: int64) (batchSize: int) : DataOrder =
        // Of inference and testers, whose argument has the one or the other spelling.
        if batchSize < 1 then
            invalidArg (nameof batchSize) $"The batch size is {batchSize}: it must be at least 1."

        if count < 1L then
            invalidArg (nameof count) "The data set has no samples: give at least one."

        let read (_: Seed) (_: int64) =
            PassReader.computed (fun place ->
                let first = place * int64 batchSize

                if first < count then
                    ValueSome [| first .. min count (first + int64 batchSize) - 1L |]
                else
                    ValueNone)

        DataOrder(
            PassSource.Computed read,
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
                PassSource.DrawnFromWeights(
                    false,
                    fun _ seed pass -> PassMemory.Indices(Seq.toArray (indices seed pass))
                )
            else
                PassSource.Computed(fun seed pass -> PassReader.ofPages batchSize (indices seed pass))

        DataOrder(kind, batchSize, perPass sampler.PassLength batchSize, name)

    /// The batch sampler's batches as they are.
    let batched (sampler: BatchSampler) : DataOrder =
        let together =
            match box sampler with
            | :? IDrawnTogether as together -> Some together
            | _ -> None

        let batches (processes: Processes) (seed: Seed) (pass: int64) =
            let seed = Seed.derive "sampler" 0L seed

            passOf
                sampler
                pass
                (match together with
                 | Some together -> together.Pass(processes, seed, pass)
                 | None -> sampler.Pass(seed, pass))

        let kind =
            if sampler.DependsOnWeights then
                PassSource.DrawnFromWeights(
                    together.IsSome,
                    fun processes seed pass -> PassMemory.Batches(Seq.toArray (batches processes seed pass))
                )
            else
                PassSource.Computed(fun seed pass -> PassReader.ofBatchPages (batches Processes.Alone seed pass))

        DataOrder(kind, 0, sampler.Length, sampler.GetType().Name)

    /// The user's own sequence of sample indices, enumerated once a pass and cut into batches, the incomplete one dropped.
    let ofIndices (indices: seq<int64>) (batchSize: int) : DataOrder =
        checkBatchSize batchSize

        let draw () =
            match PassReader.upTo (fun _ -> 1) indices with
            | ValueSome all -> PassMemory.Indices all
            | ValueNone -> PassMemory.Endless

        DataOrder(
            PassSource.Enumerated(draw, (fun () -> PassReader.ofPages batchSize indices)),
            batchSize,
            Nullable(),
            "the sequence of indices"
        )

    /// The user's own sequence of batches, enumerated once a pass.
    let ofBatches (batches: seq<int64[]>) : DataOrder =
        let draw () =
            match PassReader.upTo Array.length batches with
            | ValueSome all -> PassMemory.Batches all
            | ValueNone -> PassMemory.Endless

        DataOrder(
            PassSource.Enumerated(draw, (fun () -> PassReader.ofBatchPages batches)),
            0,
            Nullable(),
            "the sequence of batches"
        )
