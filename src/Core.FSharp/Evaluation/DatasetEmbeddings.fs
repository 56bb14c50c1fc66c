namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch
open MetricLearning.Core

/// The embeddings of data sets: in evaluation mode, without gradients, in the order of the data set. Modes of the networks,
/// streams of random numbers and live tensors stay as they were. Networks belong to a pass while it embeds a batch, and to nobody
/// while samples are read.
module internal DatasetEmbeddings =

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
        let device = EmbeddingOptions.deviceOf model options
        let inputs = batch.Data |> Array.map (EmbeddingOptions.placed options device)
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

        let settled =
            options.Reading.Labels.Settle(EmbeddingOptions.levelOf options, labels)

        new EmbeddedBatch(
            Array.map own found.Value,
            own (settled.``to`` device),
            EmbeddingOptions.namesOf options (labels.size 1),
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

    // The first pass, from one of its batches on.
    let private readFrom first streams model (options: EmbeddingOptions) check (loader: Loader) : seq<EmbeddedBatch> =
        { Cursor.start with Taken = first }
        |> Seq.unfold (fun cursor ->
            if cursor.Pass > 0L then
                None
            else
                let struct (batch, after) = next streams model options check loader cursor
                Some(batch, after))

    let private read streams model options check loader =
        readFrom 0L streams model options check loader

    /// The embeddings of a data set as a stream: batches are read and embedded as they are asked for, one at a time (and
    /// what loader workers prepare) is in memory. Weights that change between two batches count from then on.
    /// ArgumentException, from the first batch on, if the data set is empty or its labels cannot be read.
    let stream (model: EmbeddingModel) (options: EmbeddingOptions) (dataset: TrainingData) : seq<EmbeddedBatch> =
        seq {
            let options = EmbeddingOptions.naming options
            let struct (loader, _) = load options dataset (sequential options)
            use loader = loader
            yield! read 1 model options ignore loader |> Seq.map EmbeddedRows.checkBatch
        }

    let private labelled (embeddings: Tensor[]) (labels: Tensor) (names: IReadOnlyList<IReadOnlyList<string>>) =
        embeddings
        |> Array.mapi (fun stream embeddings ->
            new LabelledEmbeddings(embeddings, (if stream = 0 then labels else labels.alias ()), names))

    // Each process embeds its batches, which lie one after the other.
    let private computeShare streams model (options: EmbeddingOptions) dataset : LabelledEmbeddings[] =
        let processes = options.Processes
        let reading = SharedLabels.apart options
        let struct (loader, count) = load reading dataset (sequential reading)
        use loader = loader
        let shares = SharedLabels.meet processes count options.BatchSize
        let rank = processes.Rank

        let own =
            if shares.Rows[rank] = 0L then
                [||]
            else
                let struct (embeddings, labels) =
                    readFrom shares.FirstBatch streams model reading (unchanged model) loader
                    |> Seq.truncate shares.Batches
                    |> EmbeddedRows.collect ((+) (Array.sum shares.Rows[.. rank - 1])) shares.Rows[rank]

                Array.append embeddings [| labels |]

        let struct (all, _) =
            RowGathering.gather processes (EmbeddingOptions.deviceOf model options) shares.Rows own 0

        for tensor in own do
            tensor.Dispose()

        let labels = all[all.Length - 1]

        let struct (settled, names) = SharedLabels.settle options reading shares.Rows labels

        if not (obj.ReferenceEquals(settled, labels)) then
            labels.Dispose()

        labelled all[.. all.Length - 2] settled names

    let private computeAlone streams model (options: EmbeddingOptions) dataset : LabelledEmbeddings[] =
        let options = EmbeddingOptions.naming options
        let struct (loader, count) = load options dataset (sequential options)
        use loader = loader

        let struct (embeddings, labels) =
            read streams model options (unchanged model) loader
            |> EmbeddedRows.collect id count

        labelled embeddings labels (EmbeddingOptions.namesOf options (labels.size 1))

    /// The embeddings of a data set of samples that hold the inputs of several streams, such as (anchor, positive or
    /// negative, label): those of each stream, all with the same labels.
    let computeStreams
        (streams: int)
        (model: EmbeddingModel)
        (options: EmbeddingOptions)
        (dataset: TrainingData)
        : LabelledEmbeddings[] =
        if options.Processes.Count = 1 then
            computeAlone streams model options dataset
        else
            options.Processes.Meeting.Together(fun () -> computeShare streams model options dataset)

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
        let options = EmbeddingOptions.naming options

        let order (_: int64) =
            DataOrder.ofBatches (Array.chunkBySize options.BatchSize samples)

        let struct (loader, _) = load options dataset order
        use loader = loader

        let struct (embeddings, labels) =
            read 1 model options (unchanged model) loader
            |> EmbeddedRows.collect (fun row -> samples[Convert.ToInt32 row]) samples.LongLength

        new LabelledEmbeddings(embeddings[0], labels, EmbeddingOptions.namesOf options (labels.size 1))
