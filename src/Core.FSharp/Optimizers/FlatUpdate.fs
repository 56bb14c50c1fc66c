namespace MetricLearning.Core

open System
open System.Collections.Generic
open TorchSharp

/// Applies a rule to the parameters of a flat vector, in as few calls as their gradients allow: neighbours with equal
/// counts are gathered and updated together. It owns the zeros that fill the gaps between parameters; everything else
/// belongs to the caller. For one thread at a time.
[<Sealed>]
type FlatUpdate(layout: Layout, chunk: int64) =

    let pads = Dictionary<int64, torch.Tensor>()

    // Zeros for a gap of this many elements.
    let pad (length: int64) : torch.Tensor =
        match pads.TryGetValue length with
        | true, zeros -> zeros
        | _ ->
            let zeros =
                torch.zeros([| length |], dtype = layout.Dtype, device = layout.Device).DetachFromDisposeScope()

            pads[length] <- zeros
            zeros

    // What libtorch refuses only after the first tensors are written to.
    let check (slot: Slot) (gradient: torch.Tensor) =
        if gradient.is_sparse then
            invalidOp $"'{slot.Name}' has a sparse gradient. Use layers with sparse=false."

        if gradient.numel () <> slot.Size || gradient.dtype <> layout.Dtype then
            invalidOp
                $"'{slot.Name}' has a gradient of {gradient.numel ()} elements of {gradient.dtype} instead of {slot.Size} of {layout.Dtype}."

    // A one-dimensional view of the gradient, or the gradient itself; `owned` collects what has to be disposed.
    let flat (slot: Slot) (gradient: torch.Tensor) (owned: List<torch.Tensor>) =
        if slot.Shape.Length = 1 then
            gradient
        else
            let view = gradient.reshape -1L
            owned.Add view
            view

    let span (offset: int64) (length: int64) (tensor: torch.Tensor) = tensor.narrow (0L, offset, length)

    let updateSpan rule rate count (offset: int64) (gradient: torch.Tensor) (slots: torch.Tensor[]) weights =
        let length = gradient.size 0

        if offset = 0L && length = layout.Length then
            Rule.update rule rate count gradient slots weights
        else
            let parts = slots |> Array.map (span offset length)

            try
                use part = span offset length weights
                Rule.update rule rate count gradient parts part
            finally
                for part in parts do
                    part.Dispose()

    /// The number of elements that are updated together on a device: on the CPU what stays in a core's second-level cache,
    /// on a GPU everything.
    static member ChunkOn(device: torch.Device) : int64 =
        if device.``type`` = DeviceType.CPU then
            65536L
        else
            Int64.MaxValue

    /// For vectors of this layout, in chunks of the device's size.
    new(layout: Layout) = new FlatUpdate(layout, FlatUpdate.ChunkOn layout.Device)

    /// Raises InvalidOperationException when a gradient does not fit its parameter, before anything is written.
    member _.Check(gradients: (torch.Tensor | null)[]) : unit =
        for index in 0 .. layout.Slots.Length - 1 do
            match gradients[index] with
            | null -> ()
            | gradient -> check layout.Slots[index] gradient

    /// One step of each parameter that has a gradient, written into `slots` (flat, as many as `Rule.slots` names) and
    /// `weights`. A parameter whose gradient is null does not move, nor do its slots, nor its count. Gradients are in the
    /// order of the layout and left as they are; `counts` are the steps that each parameter has taken. Returns the new counts.
    member this.Run
        (
            rule: Rule,
            rate: float,
            counts: int64[],
            gradients: (torch.Tensor | null)[],
            slots: torch.Tensor[],
            weights: torch.Tensor
        ) : int64[] =
        let places = layout.Slots
        this.Check gradients
        use _ = torch.no_grad ()
        let next = Array.copy counts
        let owned = List<torch.Tensor>()
        let pieces = List<torch.Tensor>()

        // One parameter larger than a chunk, cut without a copy.
        let cut (place: Slot) (gradient: torch.Tensor) count =
            let gradient = flat place gradient owned

            for start in 0L .. chunk .. place.Size - 1L do
                use piece = span start (min chunk (place.Size - start)) gradient
                updateSpan rule rate count (place.Offset + start) piece slots weights

        // As many neighbours as fit a chunk, from `first` to before `last`.
        let gather first last count =
            for index in first .. last - 1 do
                match gradients[index] with
                | null -> ()
                | gradient ->
                    let place = places[index]
                    pieces.Add(flat place gradient owned)
                    let gap = place.Padded - place.Size
                    // The gap at the end matters only where it makes the span the whole vector.
                    if gap > 0L && (index < last - 1 || (first = 0 && last = places.Length)) then
                        pieces.Add(pad gap)

            if pieces.Count = 1 then
                updateSpan rule rate count places[first].Offset pieces[0] slots weights
            else
                use gradient = torch.cat pieces
                updateSpan rule rate count places[first].Offset gradient slots weights

        let mutable first = 0

        while first < places.Length do
            match gradients[first] with
            | null -> first <- first + 1
            | gradient ->
                let count = counts[first] + 1L
                let mutable last = first + 1
                let mutable length = places[first].Padded

                while last < places.Length
                      && not (isNull gradients[last])
                      && counts[last] = counts[first]
                      && length + places[last].Padded <= chunk do
                    length <- length + places[last].Padded
                    last <- last + 1

                try
                    if length > chunk then
                        cut places[first] gradient count
                    elif length > 0L then
                        gather first last count
                finally
                    for tensor in owned do
                        tensor.Dispose()

                    owned.Clear()
                    pieces.Clear()

                for index in first .. last - 1 do
                    next[index] <- count

                first <- last

        next

    interface IDisposable with
        member _.Dispose() =
            for zeros in pads.Values do
                zeros.Dispose()

            pads.Clear()
