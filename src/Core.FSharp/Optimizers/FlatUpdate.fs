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

    // Collects the gradients of the neighbours from `first` to before `last`, as they lie in the vector.
    let collect first last (gradients: (torch.Tensor | null)[]) =
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

    let forget () =
        for tensor in owned do
            tensor.Dispose()

        owned.Clear()
        pieces.Clear()

    let gather (rule: Rule) rate count first last (gradients: (torch.Tensor | null)[]) slots weights =
        collect first last gradients

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
                    forget ()

                updateRuns rule rate last counts gradients slots weights

    let updateInOnePass onePass rate (counts: int64[]) (gradients: Gradients) slots weights =
        let memory = FlatMemory.ofTensors slots weights

        for index in 0 .. places.Length - 1 do
            if not (isNull gradients.Tensors[index]) then
                onePass rate (counts[index] + 1L) places[index] gradients.Addresses[index] memory

        // Addresses do not keep their tensors alive.
        GC.KeepAlive gradients.Tensors
        GC.KeepAlive slots
        GC.KeepAlive weights

    // On a device a gradient is read by kernels, so all of them are gathered at once where one update takes them all.
    let measureOnDevice (counts: int64[]) (tensors: (torch.Tensor | null)[]) : Gradients =
        let last = runEnd 0 1 0L counts tensors

        try
            if not (isNull tensors[0]) && last = places.Length && chunk = Int64.MaxValue then
                collect 0 last tensors
                Gradients.gathered tensors (torch.cat pieces)
            else
                Gradients.scattered tensors
        finally
            forget ()

    /// For vectors of this layout.
    internal new(layout: Layout) =
        // On the CPU, a chunk and what is computed from it stay in a core's second-level cache.
        let chunk =
            if layout.Device.``type`` = DeviceType.CPU then
                131072L
            else
                Int64.MaxValue

        new FlatUpdate(layout, chunk)

    /// The gradients, in the order of the layout and null where there is none, made ready for `Run`; what they need lives
    /// in the caller's dispose scope. A sparse gradient, or one of another size or dtype, is an InvalidOperationException.
    member internal _.Prepare(counts: int64[], gradients: (torch.Tensor | null)[]) : Gradients =
        if Magnitude.isReadable layout then
            Gradients.inMemory layout gradients
        else
            Gradients.check layout gradients
            measureOnDevice counts gradients

    /// One step of each parameter that has a gradient, written into `slots` (flat, those of the rule) and
    /// `weights`. A parameter whose gradient is null does not move, nor do its slots, nor its count. Gradients are left as
    /// they are; `counts` are the steps that each parameter has taken, those that gradients were prepared with. Returns the
    /// new counts.
    member internal _.Run
        (rule: Rule, rate: float, counts: int64[], gradients: Gradients, slots: torch.Tensor[], weights: torch.Tensor)
        : int64[] =
        use _ = torch.no_grad ()

        match rule.OnePass, gradients.Whole with
        | Some onePass, _ when FlatMemory.isReachable layout ->
            updateInOnePass onePass rate counts gradients slots weights
        | _, NonNull whole -> updateSpan rule rate (counts[0] + 1L) 0L whole slots weights
        | _ -> updateRuns rule rate 0 counts gradients.Tensors slots weights

        counts
        |> Array.mapi (fun index count ->
            if isNull gradients.Tensors[index] then
                count
            else
                count + 1L)

    interface IDisposable with
        member _.Dispose() =
            for zeros in pads.Values do
                zeros.Dispose()

            pads.Clear()
