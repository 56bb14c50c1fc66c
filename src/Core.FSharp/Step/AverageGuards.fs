namespace MetricLearning.Core

open MetricLearning

/// Comparing an average of weights with the run that is to go on with it.
module internal AverageGuards =

    /// The way in which an average of this kind differs from that of the run; None where it does not.
    let ofKind (handles: Handles) (kind: string) : string option =
        match handles.Averaging with
        | None -> Some $"it has an average of weights ({kind}), and here WeightAveraging is not set"
        | Some averaging when averaging.Kind <> kind ->
            Some $"its average of weights is {kind}, and WeightAveraging here is {averaging.Kind}"
        | _ -> None

    /// The way in which an average differs from that of the run; None where it does not, and where nothing was averaged yet.
    let difference (handles: Handles) (average: RunningAverage) : string option =
        let fits (length: int64) (layout: Layout) (vector: Vector | null) =
            match vector with
            | null -> true
            | vector ->
                vector.Tensor.numel () = length
                && vector.Tensor.dtype = RunningAverage.dtypeOf layout.Dtype
                && vector.Tensor.device_type = layout.Device.``type``

        if average.Count = 0L then
            None
        elif
            average.Groups.Length = handles.Groups.Length
            && average.Buffers.Length = handles.Buffers.Length
            && Array.forall2
                (fun (group: ParameterGroup) -> fits group.Layout.Length group.Layout)
                handles.Groups
                average.Groups
            && Array.forall2
                (fun (group: BufferGroup) -> fits group.OfNetworks group.Layout)
                handles.Buffers
                average.Buffers
        then
            ofKind handles average.Kind
        else
            Some "its average of weights has other sizes, dtypes or devices"

    /// True if by now the run's rule would have begun an average.
    let shouldHaveBegun (handles: Handles) (progress: Progress) : bool =
        match handles.Averaging with
        | None -> false
        | Some averaging -> progress.Steps > 0L && averaging.HasBegun(progress.Epoch, progress.EpochIsOver)
