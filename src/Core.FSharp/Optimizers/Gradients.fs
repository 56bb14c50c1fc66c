namespace MetricLearning

open System
open TorchSharp
open MetricLearning.Core

/// The gradients of one step of a flat vector, checked and measured before anything is written.
[<NoEquality; NoComparison>]
type internal Gradients =
    {
        /// One for each parameter; null where there is none. Contiguous where there are addresses.
        Tensors: (torch.Tensor | null)[]
        /// The address of each, on the CPU; else empty.
        Addresses: nativeint[]
        /// All of them as they lie in the vector, where they were gathered.
        Whole: torch.Tensor | null
        /// The largest magnitude among them.
        Magnitude: Measured
    }

/// Checking and measuring gradients.
module internal Gradients =

    let private checkKind (layout: Layout) (slot: Slot) (gradient: torch.Tensor) =
        if gradient.is_sparse then
            invalidOp $"'{slot.Name}' has a sparse gradient. Use layers with sparse=false."

        if gradient.dtype <> layout.Dtype then
            invalidOp $"'{slot.Name}' has a gradient of {gradient.dtype} instead of {layout.Dtype}."

    let private checkSize (slot: Slot) (size: int64) =
        if size <> slot.Size then
            invalidOp $"'{slot.Name}' has a gradient of {size} elements instead of {slot.Size}."

    /// Raises InvalidOperationException when a gradient does not fit its parameter.
    let check (layout: Layout) (gradients: (torch.Tensor | null)[]) : unit =
        for index in 0 .. gradients.Length - 1 do
            match gradients[index] with
            | null -> ()
            | gradient ->
                checkKind layout layout.Slots[index] gradient
                checkSize layout.Slots[index] (gradient.numel ())

    /// Gradients of a layout that can be read where they lie. Every call into libtorch counts here: there is one for each
    /// parameter.
    let inMemory (layout: Layout) (gradients: (torch.Tensor | null)[]) : Gradients =
        let slots = layout.Slots
        let addresses: nativeint[] = Array.zeroCreate slots.Length
        let tensors = Array.copy gradients
        let mutable size = 0L
        let mutable largest = 0.0

        for index in 0 .. slots.Length - 1 do
            match gradients[index] with
            | null -> ()
            | gradient ->
                let slot = slots[index]
                checkKind layout slot gradient

                if size = 0L then
                    size <- gradient.element_size ()

                let whole =
                    if gradient.is_contiguous () then
                        gradient
                    else
                        gradient.contiguous ()

                let struct (address, bytes) = FlatMemory.locate whole
                checkSize slot (bytes / size)
                tensors[index] <- whole
                addresses[index] <- address
                largest <- Magnitude.larger largest (Magnitude.ofMemory layout.Dtype size address slot.Size)

        // Addresses do not keep their tensors alive.
        GC.KeepAlive tensors

        {
            Tensors = tensors
            Addresses = addresses
            Whole = null
            Magnitude = Measured.Known largest
        }

    /// Gradients that were gathered.
    let gathered (gradients: (torch.Tensor | null)[]) (whole: torch.Tensor) : Gradients =
        {
            Tensors = gradients
            Addresses = [||]
            Whole = whole
            Magnitude = Measured.OnDevice(Magnitude.ofTensor whole)
        }

    /// Gradients that are measured one by one, on their device.
    let scattered (gradients: (torch.Tensor | null)[]) : Gradients =
        let found =
            [|
                for gradient in gradients do
                    match gradient with
                    | null -> ()
                    | gradient -> Magnitude.ofTensor gradient
            |]

        {
            Tensors = gradients
            Addresses = [||]
            Whole = null
            Magnitude =
                if found.Length = 0 then
                    Measured.Known 0.0
                else
                    Measured.OnDevice(torch.stack(found).amax [| 0L |])
        }
