namespace MetricLearning.Core

open System
open System.Collections
open System.Collections.Generic
open System.Threading
open TorchSharp

/// How samples become data and labels: the user's functions, where given, and what to do with labels.
[<ReferenceEquality>]
type Reading =
    {
        /// List of samples → batch; null for `Collate.samples`.
        CollateFn: Func<IReadOnlyList<obj>, obj> | null
        /// Batch → data and labels; null for the first and last element of a tuple or list (all but the last are data), or
        /// the entries "data" and "labels" or "label" of a dictionary.
        DataAndLabelGetter: Func<obj, struct (obj * obj)> | null
        Labels: LabelMap
        /// The level of the label hierarchy to train on, from 0.
        Level: int
    }

    /// Default collation, integer labels as they are, level 0.
    static member Default =
        {
            CollateFn = null
            DataAndLabelGetter = null
            Labels = LabelMap.Identity
            Level = 0
        }

/// A data set as the loader sees it: indices → batch. Several threads may fetch at once.
[<AbstractClass>]
type Source() =

    /// The number of samples.
    abstract Count: int64

    /// Whether fetching is so cheap that threads would only cost.
    abstract IsCheap: bool

    /// The batch of these samples; the caller's to dispose, in no dispose scope. The seed is for chance within samples.
    abstract Fetch: indices: int64[] * seed: Seed * cancellationToken: CancellationToken -> Batch

    interface IDisposable with
        member this.Dispose() = this.Dispose()

    abstract Dispose: unit -> unit
    default _.Dispose() = ()

module Source =

    let private refuse (message: string) : 'T = raise (ArgumentException message)

    let private checkIndices (indices: int64[]) (count: int64) =
        for index in indices do
            if index < 0L || index >= count then
                invalidOp
                    $"The order of data asks for sample {index}, but the data set has {count} samples, 0 to {count - 1L}."

    // Out of every dispose scope; a tensor that the fetching did not make is the user's, who may dispose it.
    let private own (scope: DisposeScope) (tensor: torch.Tensor) : torch.Tensor =
        let ours = if scope.Contains tensor then tensor else tensor.alias ()
        ours.DetachFromDisposeScope()

    let private ofTensors (reading: Reading) (inputs: torch.Tensor[]) (labels: obj) : Source =
        if inputs.Length = 0 then
            refuse "There are no data tensors: give at least one."

        for input in inputs do
            if input.dim () = 0L then
                refuse "A data tensor has no dimensions: it must have one row per sample."

        let columns = Labels.ofDataset labels
        let count = inputs[0].size 0

        for rows in
            [|
                yield! inputs |> Array.map (fun input -> input.size 0)
                int64 columns[0].Length
            |] do
            if rows <> count then
                refuse
                    $"The data have {count} rows, but {rows} rows or labels come with them: give one row and one label per sample."

        let labels =
            reading.Labels
                .KnowingWords(columns)
                .Apply(HierarchyLevel.One reading.Level, columns)
                .DetachFromDisposeScope()

        let select (index: torch.Tensor) (input: torch.Tensor) =
            if input.device_type = DeviceType.CPU then
                input.index_select (0L, index)
            else
                input.index_select (0L, index.``to`` input.device)

        { new Source() with
            member _.Count = count
            member _.IsCheap = true

            member _.Fetch(indices, _, cancellationToken) =
                cancellationToken.ThrowIfCancellationRequested()
                checkIndices indices count
                use _ = torch.NewDisposeScope()
                let index = torch.tensor indices
                let data = inputs |> Array.map (select index)
                let labels = labels.index_select (0L, index)

                {
                    Data = data |> Array.map _.DetachFromDisposeScope()
                    Labels = labels.DetachFromDisposeScope()
                    Indices = indices
                }

            member _.Dispose() = labels.Dispose()
        }

    // What the user's functions expect of a tensor data set: samples as TorchSharp's TensorDataset gives them.
    let private asSamples (inputs: torch.Tensor[]) (labels: obj) : int64 * (Seed -> int64 -> (obj | null)) =
        let label: int64 -> obj =
            match labels with
            | :? torch.Tensor as labels -> fun index -> labels[index]
            | _ ->
                let columns = Labels.ofDataset labels

                let at (index: int64) (column: LabelColumn) : obj =
                    match column with
                    | LabelColumn.Numbers numbers -> numbers[int index]
                    | LabelColumn.Words words -> words[int index]

                match columns with
                | [| column |] -> fun index -> at index column
                | _ -> fun index -> Array.map (at index) columns

        inputs[0].size 0, (fun _ index -> [| yield! inputs |> Array.map (fun input -> box input[index]); label index |])

    let private both (data: obj | null) (labels: obj | null) : struct (obj * obj) =
        match data, labels with
        | null, _ -> refuse "The data of a batch are null."
        | _, null -> refuse "The labels of a batch are null."
        | data, labels -> struct (data, labels)

    let private split (batch: obj) : struct (obj * obj) =
        match batch with
        | :? IDictionary as entries when
            entries.Contains "data"
            && (entries.Contains "labels" || entries.Contains "label")
            ->
            let labels = if entries.Contains "labels" then "labels" else "label"
            both entries["data"] entries[labels]
        | :? System.Runtime.CompilerServices.ITuple as parts when parts.Length = 2 -> both parts[0] parts[1]
        | :? IDictionary ->
            refuse
                "A batch is a dictionary without the keys \"data\" and \"labels\": give a dataAndLabelGetter that finds them."
        | :? torch.Tensor ->
            refuse "A batch is one tensor, without labels: give a dataAndLabelGetter, or samples of data and label."
        | :? IEnumerable as parts when not (parts :? string) ->
            match [| for part in parts -> part |] with
            | [| data; labels |] -> both data labels
            | parts when parts.Length > 2 -> both parts[.. parts.Length - 2] parts[parts.Length - 1]
            | parts ->
                refuse
                    $"A batch has {parts.Length} part(s), but data and labels are needed: give a dataAndLabelGetter, or samples of data and label."
        | other -> refuse $"A batch is a {other.GetType()}: give a dataAndLabelGetter that finds data and labels in it."

    let rec private tensors (data: obj) : torch.Tensor[] =
        match data with
        | :? torch.Tensor as tensor -> [| tensor |]
        | :? IEnumerable as several when not (several :? string) && not (several :? IDictionary) ->
            [|
                for part in several do
                    match part with
                    | :? torch.Tensor as tensor -> tensor
                    | null -> refuse "A part of a batch's data is null: it must be a tensor."
                    | other ->
                        refuse
                            $"A part of a batch's data is a {other.GetType()}, not a tensor: give a collate function or a dataAndLabelGetter that makes it one."
            |]
        | other ->
            refuse
                $"The data of a batch are a {other.GetType()}, not a tensor: give a collate function or a dataAndLabelGetter that makes them one."

    // A user's function that fails says whose and where; cancellation is no failure.
    let private guarded (what: unit -> string) (cancellationToken: CancellationToken) (act: unit -> 'T) : 'T =
        try
            act ()
        with error when not (cancellationToken.IsCancellationRequested && error :? OperationCanceledException) ->
            raise (InvalidOperationException($"{what ()}: {error.Message}", error))

    let private ofSamples (reading: Reading) (count: unit -> int64) (read: Seed -> int64 -> (obj | null)) : Source =
        let collate (indices: int64[]) (samples: obj[]) : obj =
            match reading.CollateFn with
            | null -> Collate.samples indices samples
            | collate -> collate.Invoke samples

        let get (batch: obj) =
            match reading.DataAndLabelGetter with
            | null -> split batch
            | getter -> getter.Invoke batch

        { new Source() with
            member _.Count = count ()
            member _.IsCheap = false

            member _.Fetch(indices, seed, cancellationToken) =
                checkIndices indices (count ())
                use scope = torch.NewDisposeScope()

                let samples =
                    indices
                    |> Array.mapi (fun position index ->
                        cancellationToken.ThrowIfCancellationRequested()

                        guarded
                            (fun () -> $"Reading sample {index} of the data set failed")
                            cancellationToken
                            (fun () ->
                                match read (Seed.derive "sample" (int64 position) seed) index with
                                | null -> refuse "the sample is null"
                                | sample -> sample))

                guarded
                    (fun () -> $"""Making a batch of samples {String.Join(", ", indices)} failed""")
                    cancellationToken
                    (fun () ->
                        let struct (data, labels) = get (collate indices samples)
                        let data = tensors data

                        let labels =
                            reading.Labels.Apply(HierarchyLevel.One reading.Level, Labels.ofBatch labels)

                        if data.Length = 0 then
                            refuse "there are no data tensors"

                        if data[0].dim() = 0L || data[0].size 0 <> labels.size 0 then
                            refuse
                                $"the data have shape [{data[0].shape}] but there are {labels.size 0} labels: one row per label is needed"

                        {
                            Data = data |> Array.map (own scope)
                            Labels = own scope labels
                            Indices = indices
                        })
        }

    /// The data set, read as told. ArgumentException if the labels of a tensor data set do not fit its data, or cannot be read.
    let ofDataset (reading: Reading) (dataset: Dataset) : Source =
        match dataset with
        | Dataset.Tensors(inputs, labels) when isNull reading.CollateFn && isNull reading.DataAndLabelGetter ->
            ofTensors reading inputs labels
        | Dataset.Tensors(inputs, labels) ->
            let count, read = asSamples inputs labels
            ofSamples reading (fun () -> count) read
        | Dataset.Samples(count, read) -> ofSamples reading count read
