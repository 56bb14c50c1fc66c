namespace MetricLearning

open System
open System.Threading
open TorchSharp
open MetricLearning.Core

/// Batches of samples that are read one by one and collated.
module internal SampleSource =

    // Out of every dispose scope; a tensor that the fetching did not make is the user's, who may dispose it.
    let private own (scope: DisposeScope) (tensor: torch.Tensor) : torch.Tensor =
        let ours = if scope.Contains tensor then tensor else tensor.alias ()
        ours.DetachFromDisposeScope()

    // A user's function that fails says whose and where; cancellation is no failure.
    let private guarded (what: unit -> string) (cancellationToken: CancellationToken) (act: unit -> 'T) : 'T =
        try
            act ()
        with error when not (cancellationToken.IsCancellationRequested && error :? OperationCanceledException) ->
            raise (PartException(what (), "", Parts.reason error, error))

    let private named (indices: int64[]) : string =
        String.Join(", ", Array.truncate 10 indices)
        + (if indices.Length > 10 then ", …" else "")

    let create (reading: Reading) (count: unit -> int64) (read: int64 -> Seed -> (obj | null)) : BatchSource =
        let collate (indices: int64[]) (samples: obj[]) : obj =
            match reading.CollateFn with
            | null -> Collate.samples indices samples
            | collate ->
                match box (collate.Invoke samples) with
                | null -> Labels.refuse "CollateFn returned null"
                | batch -> batch

        let get (batch: obj) =
            match reading.DataAndLabelGetter with
            | null -> BatchParts.split batch
            | getter ->
                let struct (data, labels) = getter.Invoke batch
                BatchParts.both data labels

        // The samples at these places of a batch, whose seed is that of the batch.
        let fetch (first: int) (indices: int64[]) (seed: Seed) (cancellationToken: CancellationToken) : Batch =
            use scope = torch.NewDisposeScope()

            let samples =
                indices
                |> Array.mapi (fun position index ->
                    cancellationToken.ThrowIfCancellationRequested()

                    guarded (fun () -> $"Reading sample {index} of the data set") cancellationToken (fun () ->
                        match read index (Seed.derive "sample" (int64 (first + position)) seed) with
                        | null -> Labels.refuse "the sample is null"
                        | sample -> sample))

            guarded (fun () -> $"Making a batch of samples {named indices}") cancellationToken (fun () ->
                let struct (data, labels) = get (collate indices samples)
                let data = BatchParts.tensors data

                let labels = reading.Labels.Apply(reading.Level, Labels.ofBatch labels)

                if data.Length = 0 then
                    Labels.refuse "there are no data tensors"

                if data[0].dim() = 0L || data[0].size 0 <> labels.size 0 then
                    Labels.refuse
                        $"the data have shape {Shape.show data[0].shape} but there are {labels.size 0} labels: one row per label is needed"

                {
                    Data = data |> Array.map (own scope)
                    Labels = own scope labels
                    Indices = indices
                })

        let empty () : Batch =
            {
                Data = [||]
                Labels = torch.empty(0L, dtype = torch.int64).DetachFromDisposeScope()
                Indices = [||]
            }

        { new BatchSource() with
            member _.Count = count ()
            member _.IsCheap = false
            member _.ClassLabels = reading.ClassLabels

            member _.Fetch(indices, seed, cancellationToken) =
                BatchSource.Check(indices, count ())
                fetch 0 indices seed cancellationToken

            member this.FetchPart(indices, part, parts, seed, cancellationToken) =
                BatchSource.Check(indices, count ())

                let struct (first, size) as share = BatchShare.ofProcess indices.Length part parts

                let whole () =
                    use whole = this.Fetch(indices, seed, cancellationToken)
                    BatchShare.cut part parts whole

                // A function of the user's may make of a batch what it does not make of its parts.
                if
                    not (isNull reading.CollateFn)
                    || size = 0 && not (isNull reading.DataAndLabelGetter)
                then
                    whole ()
                elif size = 0 then
                    empty ()
                else
                    let own = fetch first (BatchShare.indices share indices) seed cancellationToken

                    if own.Labels.size 0 = int64 size then
                        own
                    else
                        (own :> IDisposable).Dispose()
                        whole ()
        }

/// Data sets as sources of batches.
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module BatchSource =

    /// The data set as a source. ArgumentException if the labels of a tensor data set do not fit its data, or cannot be read.
    let ofDataset (reading: Reading) (dataset: TrainingData) : BatchSource =
        ArgumentNullException.ThrowIfNull(dataset, nameof dataset)

        match dataset with
        | TrainingData.Tensors(inputs, labels) when isNull reading.CollateFn && isNull reading.DataAndLabelGetter ->
            TensorSource.create reading inputs labels
        | TrainingData.Tensors(inputs, labels) ->
            let reading, count, read = TensorSource.samples reading inputs labels
            SampleSource.create reading (fun () -> count) (fun index _ -> read index)
        | TrainingData.Samples(count, read, _) -> SampleSource.create reading count read
