namespace MetricLearning.Core

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning

/// Applies a rule to the parameters of a flat vector: on the CPU in one pass over memory where the rule has one, else by
/// libtorch, where neighbours with equal counts are gathered and updated together. It owns the zeros that fill the gaps
/// between gathered gradients; everything else belongs to the caller. For one thread at a time.
[<Sealed>]
type FlatUpdate internal (layout: Layout, chunk: int64) =

    let places = layout.Slots
    let pads = Dictionary<int64, torch.Tensor>()
    let owned = List<torch.Tensor>()
    let pieces = List<torch.Tensor>()

    // Zeros for a gap of this many elements.
    let pad (length: int64) : torch.Tensor =
        match pads.TryGetValue length with
        | true, zeros -> zeros
        | _ ->
            let zeros =
                torch.zeros([| length |], dtype = layout.Dtype, device = layout.Device).DetachFromDisposeScope()

            pads[length] <- zeros
            zeros

    // What would otherwise fail only after the first tensors are written to.
    let check (slot: Slot) (gradient: torch.Tensor) =
        if gradient.is_sparse then
            invalidOp $"'{slot.Name}' has a sparse gradient. Use layers with sparse=false."

        if gradient.numel () <> slot.Size || gradient.dtype <> layout.Dtype then
            invalidOp
                $"'{slot.Name}' has a gradient of {gradient.numel ()} elements of {gradient.dtype} instead of {slot.Size} of {layout.Dtype}."

    // A one-dimensional view of the gradient, or the gradient itself; `owned` collects what has to be disposed.
    let flat (slot: Slot) (gradient: torch.Tensor) =
        if slot.Shape.Length = 1 then
            gradient
        else
            let view = gradient.reshape -1L
            owned.Add view
            view

    let span (offset: int64) (length: int64) (tensor: torch.Tensor) = tensor.narrow (0L, offset, length)

    let updateSpan (rule: Rule) rate count (offset: int64) (gradient: torch.Tensor) (slots: torch.Tensor[]) weights =
        let length = gradient.size 0

        if offset = 0L && length = layout.Length then
            rule.Update rate count gradient slots weights
        else
            let parts = slots |> Array.map (span offset length)

            try
                use part = span offset length weights
                rule.Update rate count gradient parts part
            finally
                for part in parts do
                    part.Dispose()

    // One parameter larger than a chunk, cut without a copy.
    let cut (rule: Rule) rate count (place: Slot) (gradient: torch.Tensor) slots weights =
        let gradient = flat place gradient

        for start in 0L .. chunk .. place.Size - 1L do
            use piece = span start (min chunk (place.Size - start)) gradient
            updateSpan rule rate count (place.Offset + start) piece slots weights

    // The gradients of the neighbours from `first` to before `last`, as they lie in the vector.
    let gather (rule: Rule) rate count first last (gradients: (torch.Tensor | null)[]) slots weights =
        for index in first .. last - 1 do
            match gradients[index] with
            | null -> ()
            | gradient ->
                let place = places[index]
                pieces.Add(flat place gradient)
                let gap = place.Padded - place.Size
                // The gap at the end matters only where it makes the span the whole vector.
                if gap > 0L && (index < last - 1 || (first = 0 && last = places.Length)) then
                    pieces.Add(pad gap)

        if pieces.Count = 1 then
            updateSpan rule rate count places[first].Offset pieces[0] slots weights
        else
            use gradient = torch.cat pieces
            updateSpan rule rate count places[first].Offset gradient slots weights

    // Up to where neighbours of `first` have gradients, its count, and room in the chunk.
    let rec runEnd first last length (counts: int64[]) (gradients: (torch.Tensor | null)[]) =
        if
            last < places.Length
            && not (isNull gradients[last])
            && counts[last] = counts[first]
            && length + places[last].Padded <= chunk
        then
            runEnd first (last + 1) (length + places[last].Padded) counts gradients
        else
            last

    let rec updateRuns (rule: Rule) rate first (counts: int64[]) (gradients: (torch.Tensor | null)[]) slots weights =
        if first < places.Length then
            match gradients[first] with
            | null -> updateRuns rule rate (first + 1) counts gradients slots weights
            | gradient ->
                let place, count = places[first], counts[first] + 1L
                let last = runEnd first (first + 1) place.Padded counts gradients

                try
                    if place.Padded > chunk then
                        cut rule rate count place gradient slots weights
                    elif places[last - 1].Offset + places[last - 1].Size > place.Offset then
                        gather rule rate count first last gradients slots weights
                finally
                    for tensor in owned do
                        tensor.Dispose()

                    owned.Clear()
                    pieces.Clear()

                updateRuns rule rate last counts gradients slots weights

    let updateInOnePass onePass rate (counts: int64[]) (gradients: (torch.Tensor | null)[]) slots weights =
        let memory = FlatMemory.ofTensors slots weights

        for index in 0 .. places.Length - 1 do
            match gradients[index] with
            | null -> ()
            | gradient when gradient.is_contiguous () -> onePass rate (counts[index] + 1L) places[index] gradient memory
            | gradient ->
                use copy = gradient.contiguous ()
                onePass rate (counts[index] + 1L) places[index] copy memory

        // Addresses do not keep their tensors alive.
        GC.KeepAlive slots
        GC.KeepAlive weights

    /// For vectors of this layout.
    internal new(layout: Layout) =
        // On the CPU, a chunk and what is computed from it stay in a core's second-level cache.
        let chunk =
            if layout.Device.``type`` = DeviceType.CPU then
                131072L
            else
                Int64.MaxValue

        new FlatUpdate(layout, chunk)

    /// Raises InvalidOperationException when a gradient does not fit its parameter, before anything is written.
    member internal _.Check(gradients: (torch.Tensor | null)[]) : unit =
        for index in 0 .. places.Length - 1 do
            match gradients[index] with
            | null -> ()
            | gradient -> check places[index] gradient

    /// One step of each parameter that has a gradient, written into `slots` (flat, those of the rule) and
    /// `weights`. A parameter whose gradient is null does not move, nor do its slots, nor its count. Gradients are in the
    /// order of the layout and left as they are; `counts` are the steps that each parameter has taken. Returns the new
    /// counts. A sparse gradient, or one of another size or dtype, is an InvalidOperationException before any write.
    member internal this.Run
        (
            rule: Rule,
            rate: float,
            counts: int64[],
            gradients: (torch.Tensor | null)[],
            slots: torch.Tensor[],
            weights: torch.Tensor
        ) : int64[] =
        this.Check gradients
        use _ = torch.no_grad ()

        match rule.OnePass with
        | Some onePass when FlatMemory.isReachable layout -> updateInOnePass onePass rate counts gradients slots weights
        | _ -> updateRuns rule rate 0 counts gradients slots weights

        counts
        |> Array.mapi (fun index count -> if isNull gradients[index] then count else count + 1L)

    interface IDisposable with
        member _.Dispose() =
            for zeros in pads.Values do
                zeros.Dispose()

            pads.Clear()
