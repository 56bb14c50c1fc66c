namespace MetricLearning

open System
open System.Collections.Generic
open System.Threading
open TorchSharp
open type TorchSharp.torch
open MetricLearning.Core

/// The options of embedding a data set.
[<RequireQualifiedAccess; ReferenceEquality>]
type internal EmbeddingOptions =
    {
        /// The number of samples that are embedded at once.
        BatchSize: int
        /// Threads that read samples; 0 for the caller's.
        Workers: int
        /// The device of samples; null for that of the model's parameters.
        Device: Device | null
        /// Converts floating-point samples; null keeps their type.
        Dtype: Nullable<ScalarType>
        /// Scales embeddings to length 1.
        NormalizeEmbeddings: bool
        /// The way samples are read.
        Reading: Reading
        /// The numbers of labels that are strings; null where strings are read as `Reading` has it.
        Names: LabelNames | null
        /// Seeds samples and networks.
        Seed: Seed
        /// Checked before every batch.
        CancellationToken: CancellationToken
    }

/// The embeddings of data sets: in evaluation mode, without gradients, in the order of the data set. Modes of the networks,
/// streams of random numbers and live tensors stay as they were. Networks belong to a pass while it embeds a batch, and to nobody
/// while samples are read.
module internal DatasetEmbeddings =

    /// 32 samples at once, read by the caller's thread, where the model is; scaled to length 1; all levels of labels.
    let defaults: EmbeddingOptions =
        {
            BatchSize = 32
            Workers = 0
            Device = null
            Dtype = Nullable()
            NormalizeEmbeddings = true
            Reading =
                { Reading.Default with
                    Level = HierarchyLevel.All
                }
            Names = null
            Seed = Seed.ofInt64 0L
            CancellationToken = CancellationToken.None
        }

    let private deviceOf (model: EmbeddingModel) (options: EmbeddingOptions) : Device =
        match options.Device with
        | null -> model.Device
        | device -> device

    let private placed (options: EmbeddingOptions) (device: Device) (input: Tensor) : Tensor =
        if options.Dtype.HasValue && input.is_floating_point () then
            input.``to`` (options.Dtype.Value, device)
        else
            input.``to`` device

    let private normalized (embeddings: Tensor) : Tensor =
        // In 16 bits the usual floor of 1e-12 is 0, and a row of zeros would become NaN.
        let floor = Math.Max(1e-12, Numeric.tiny embeddings.dtype)
        torch.nn.functional.normalize (embeddings, 2.0, 1L, floor)

    // The embeddings of the inputs of each stream.
    let private embed (streams: int) (model: EmbeddingModel) (options: EmbeddingOptions) (inputs: Tensor[]) : Tensor[] =
        if inputs.Length % streams <> 0 then
            invalidOp
                $"A sample has {inputs.Length} input(s) besides its labels, which are not {streams} streams: let the data set, or DataAndLabelGetter, give as many inputs for each."

        let inputs = Array.chunkBySize (inputs.Length / streams) inputs

        if options.NormalizeEmbeddings then
            Array.map (model.Embed >> normalized) inputs
        else
            Array.map model.Embed inputs

    // Strings have their numbers in common with other data sets.
    let private naming (options: EmbeddingOptions) : EmbeddingOptions =
        match options.Names with
        | names when not (isNull names) && options.Reading.Labels.IsIdentity ->
            { options with
                Reading =
                    { options.Reading with
                        Labels = LabelMap.Naming(nonNull names)
                    }
            }
        | _ -> options

    // The level that a column of labels is of.
    let private levelOf (options: EmbeddingOptions) (column: int) : int =
        match options.Reading.Level with
        | HierarchyLevel.One level -> level
        | HierarchyLevel.Several levels -> levels[column]
        | HierarchyLevel.All -> column

    let private namesOf (options: EmbeddingOptions) (columns: int64) : IReadOnlyList<IReadOnlyList<string>> =
        Array.init (Convert.ToInt32 columns) (fun column ->
            options.Reading.Labels.Names(levelOf options column) :> IReadOnlyList<string>)

    // What is done before each batch, while nobody can change the networks.
    type private Check = unit -> unit

    // Where all batches must be of the same weights.
    let private unchanged (model: EmbeddingModel) : Check =
        let first = ref ValueNone

        fun () ->
            let now = Locks.changes model.Turns

            match first.Value with
            | ValueNone -> first.Value <- ValueSome now
            | ValueSome before when before = now -> ()
            | _ ->
                invalidOp
                    "The networks were trained, or given other weights, on another thread while a data set was embedded: its embeddings would be of several networks. Embed when no other thread trains or loads, or embed with networks of your own, into which the weights are loaded."

    let private look
        (streams: int)
        (model: EmbeddingModel)
        (options: EmbeddingOptions)
        (check: Check)
        (number: int64)
        (batch: Batch)
        =
        use scope = NewDisposeScope()
        use _ = no_grad ()
        let device = deviceOf model options
        let inputs = batch.Data |> Array.map (placed options device)
        let found = ref [||]

        ForwardPass.run model device (Seed.derive "evaluation" number options.Seed) (fun () ->
            check ()
            found.Value <- embed streams model options inputs)

        // What a network only passes on is its owner's, who may dispose it.
        let own (tensor: Tensor) =
            (if scope.Contains tensor then tensor else tensor.alias ()).DetachFromDisposeScope()

        let labels =
            if batch.Labels.dim () = 1L then
                batch.Labels.unsqueeze 1L
            else
                batch.Labels

        let settled = options.Reading.Labels.Settle(levelOf options, labels)

        new EmbeddedBatch(
            Array.map own found.Value,
            own (settled.``to`` device),
            namesOf options (labels.size 1),
            batch.Indices
        )

    // The loader owns the source, also when it cannot be made.
    let private load
        (options: EmbeddingOptions)
        (dataset: TrainingData)
        (orderOf: int64 -> DataOrder)
        : struct (Loader * int64) =
        let source = BatchSource.ofDataset options.Reading dataset

        try
            let count = source.Count
            struct (new Loader(source, orderOf count, options.Workers), count)
        with _ ->
            (source :> IDisposable).Dispose()
            reraise ()

    let private sequential (options: EmbeddingOptions) (count: int64) =
        DataOrder.sequential count options.BatchSize

    // The batch at the cursor, and where the next one is.
    let private next streams model (options: EmbeddingOptions) check (loader: Loader) (cursor: Cursor) =
        let loaded =
            loader.Fetch(Seed.derive "samples" 0L options.Seed, cursor, options.CancellationToken)

        use batch = loaded.Batch
        struct (look streams model options check cursor.Taken batch, loaded.After)

    // The first pass.
    let private read streams model (options: EmbeddingOptions) check (loader: Loader) : seq<EmbeddedBatch> =
        Cursor.start
        |> Seq.unfold (fun cursor ->
            if cursor.Pass > 0L then
                None
            else
                let struct (batch, after) = next streams model options check loader cursor
                Some(batch, after))

    let private put (filled: int64) (part: Tensor) (whole: Tensor) : unit =
        if part.size 1 <> whole.size 1 || filled + part.size 0 > whole.size 0 then
            invalidOp
                $"A batch has {part.size 0} rows of {part.size 1} after {filled} rows of {whole.size 1}, of {whole.size 0} in all: networks and collate function must give as many in every batch, and one row a sample."

        use place = whole.narrow (0L, filled, part.size 0)
        place.copy_ part |> ignore

    // Networks with broken weights, or given broken numbers, make embeddings that nothing is near to.
    let private checkFinite (sampleOf: int64 -> int64) (streams: Tensor[]) : unit =
        match EmbeddingChecks.firstBroken (List.ofArray streams) with
        | ValueNone -> ()
        | ValueSome(struct (_, row)) ->
            invalidOp
                $"The networks made an embedding with a number that is NaN or infinite, of sample {sampleOf row}: look for such numbers in the sample, and in the weights."

    let private checkBatch (batch: EmbeddedBatch) : EmbeddedBatch =
        try
            checkFinite (fun row -> batch.Indices[Convert.ToInt32 row]) batch.Streams
            batch
        with _ ->
            batch.Dispose()
            reraise ()

    // Into tensors that are made once: one for each stream, and one for the labels.
    let private collect (sampleOf: int64 -> int64) (rows: int64) (batches: seq<EmbeddedBatch>) =
        use scope = NewDisposeScope()
        let mutable all: struct (Tensor[] * Tensor) voption = ValueNone
        let mutable filled = 0L

        let like (tensor: Tensor) =
            torch.empty ([| rows; tensor.size 1 |], dtype = tensor.dtype, device = tensor.device)

        for batch in batches do
            use batch = batch

            let struct (streams, labels) =
                match all with
                | ValueSome made -> made
                | ValueNone ->
                    let made = struct (Array.map like batch.Streams, like batch.Labels)
                    all <- ValueSome made
                    made

            Array.iter2 (put filled) batch.Streams streams
            put filled batch.Labels labels
            filled <- filled + batch.Labels.size 0

        match all with
        | ValueSome(struct (streams, labels)) when filled = rows ->
            checkFinite sampleOf streams

            for tensor in Array.append streams [| labels |] do
                tensor.MoveToOuterDisposeScope() |> ignore

            struct (streams, labels)
        | _ -> invalidOp $"The batches of the data set have {filled} rows in all, but it has {rows} samples."

    /// The embeddings of a data set as a stream: batches are read and embedded as they are asked for, one at a time (and
    /// what loader workers prepare) is in memory. Weights that change between two batches count from then on.
    /// ArgumentException, from the first batch on, if the data set is empty or its labels cannot be read.
    let stream (model: EmbeddingModel) (options: EmbeddingOptions) (dataset: TrainingData) : seq<EmbeddedBatch> =
        seq {
            let options = naming options
            let struct (loader, _) = load options dataset (sequential options)
            use loader = loader
            yield! read 1 model options ignore loader |> Seq.map checkBatch
        }

    /// The embeddings of a data set of samples that hold the inputs of several streams, such as (anchor, positive or
    /// negative, label): those of each stream, all with the same labels.
    let computeStreams
        (streams: int)
        (model: EmbeddingModel)
        (options: EmbeddingOptions)
        (dataset: TrainingData)
        : LabelledEmbeddings[] =
        let options = naming options
        let struct (loader, count) = load options dataset (sequential options)
        use loader = loader

        let struct (embeddings, labels) =
            read streams model options (unchanged model) loader |> collect id count

        embeddings
        |> Array.mapi (fun stream embeddings ->
            new LabelledEmbeddings(
                embeddings,
                (if stream = 0 then labels else labels.alias ()),
                namesOf options (labels.size 1)
            ))

    /// The embeddings of a whole data set, (N × D) in one tensor. Labels are those of all levels, unless the options say
    /// otherwise.
    /// ArgumentException if the data set is empty or its labels cannot be read; InvalidOperationException if the networks are given
    /// other weights meanwhile, or make a number that is not finite; OperationCanceledException when the token is cancelled.
    let compute (model: EmbeddingModel) (options: EmbeddingOptions) (dataset: TrainingData) : LabelledEmbeddings =
        (computeStreams 1 model options dataset)[0]

    /// The embeddings of these samples of a data set, in this order.
    let ofSamples
        (model: EmbeddingModel)
        (options: EmbeddingOptions)
        (dataset: TrainingData)
        (samples: int64[])
        : LabelledEmbeddings =
        let options = naming options

        let order (_: int64) =
            DataOrder.ofBatches (Array.chunkBySize options.BatchSize samples)

        let struct (loader, _) = load options dataset order
        use loader = loader

        let struct (embeddings, labels) =
            read 1 model options (unchanged model) loader
            |> collect (fun row -> samples[Convert.ToInt32 row]) samples.LongLength

        new LabelledEmbeddings(embeddings[0], labels, namesOf options (labels.size 1))
