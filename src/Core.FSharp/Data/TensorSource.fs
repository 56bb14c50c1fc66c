namespace MetricLearning

open TorchSharp
open MetricLearning.Core

/// Batches of whole tensors: one index_select an input, labels read and mapped once.
module internal TensorSource =

    // The number of samples, and their labels.
    let private check (inputs: torch.Tensor[]) (labels: obj) : int64 * LabelColumn[] =
        if inputs.Length = 0 then
            Labels.refuse "There are no data tensors: give at least one."

        for input in inputs do
            if input.dim () = 0L then
                Labels.refuse "A data tensor has no dimensions: it must have one row per sample."

        let columns = Labels.ofDataset labels
        let count = inputs[0].size 0

        for input in inputs do
            if input.size 0 <> count then
                Labels.refuse
                    $"One data tensor has {count} rows, another {input.size 0}: give one row per sample in each."

        if int64 columns[0].Length <> count then
            Labels.refuse
                $"The data have {count} rows, but there are {columns[0].Length} labels: give one label per sample."

        count, columns

    let create (reading: Reading) (inputs: torch.Tensor[]) (labels: obj) : BatchSource =
        let count, columns = check inputs labels

        let reading =
            { reading with
                Labels = reading.Labels.KnowingWords columns
            }

        let labels = reading.Labels.Apply(reading.Level, columns).DetachFromDisposeScope()

        let select (index: torch.Tensor) (input: torch.Tensor) =
            if input.device_type = DeviceType.CPU then
                input.index_select (0L, index)
            else
                input.index_select (0L, index.``to`` input.device)

        let fetch (indices: int64[]) =
            use _ = torch.NewDisposeScope()
            let index = torch.tensor indices
            let data = inputs |> Array.map (select index)
            let labels = labels.index_select (0L, index)

            {
                Data = data |> Array.map _.DetachFromDisposeScope()
                Labels = labels.DetachFromDisposeScope()
                Indices = indices
            }

        { new BatchSource() with
            member _.Count = count
            member _.IsCheap = true
            member _.ClassLabels = reading.ClassLabels

            member _.Fetch(indices, _, cancellationToken) =
                cancellationToken.ThrowIfCancellationRequested()
                BatchSource.Check(indices, count)
                fetch indices

            member _.FetchPart(indices, part, parts, _, cancellationToken) =
                cancellationToken.ThrowIfCancellationRequested()
                BatchSource.Check(indices, count)
                fetch (BatchShare.indices (BatchShare.ofProcess indices.Length part parts) indices)

            member _.Dispose() = labels.Dispose()
        }

    /// The same data set sample by sample, for the user's functions: arrays of the inputs' rows and the label, as those of
    /// TorchSharp's TensorDataset.
    let samples (reading: Reading) (inputs: torch.Tensor[]) (labels: obj) : Reading * int64 * (int64 -> obj) =
        let count, columns = check inputs labels

        let at (index: int64) (column: LabelColumn) : obj =
            match column with
            | LabelColumn.Numbers numbers -> numbers[int index]
            | LabelColumn.Words words -> words[int index]

        let label: int64 -> obj =
            match labels, columns with
            | (:? torch.Tensor as labels), _ -> fun index -> labels[index]
            | _, [| column |] -> fun index -> at index column
            | _ -> fun index -> Array.map (at index) columns

        { reading with
            Labels = reading.Labels.KnowingWords columns
        },
        count,
        (fun index -> [| yield! inputs |> Array.map (fun input -> input[index] :> obj); label index |])
