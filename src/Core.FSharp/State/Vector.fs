namespace MetricLearning.Core

open System
open System.Threading
open TorchSharp
open MetricLearning

/// A flat tensor with counted owners, that nobody writes to while more than one owns it. It starts with one owner; the
/// native memory goes when the last one releases it. Vectors on the CPU count as memory pressure for the garbage
/// collector, which cannot see native memory.
[<Sealed>]
type Vector private (tensor: torch.Tensor, pressure: int64) =

    let mutable owners = 1
    let mutable pressure = pressure

    let freed () : exn =
        InvalidOperationException
            "This state's weights were released when its run went on. Take trainer.State inside the hook to step it again later."

    let removePressure () =
        let bytes = Interlocked.Exchange(&pressure, 0L)

        if bytes > 0L then
            GC.RemoveMemoryPressure bytes

    /// A vector that takes the tensor over: it leaves every dispose scope, and is disposed by the last owner.
    static member Own(tensor: torch.Tensor) : Vector =
        let bytes =
            if tensor.device_type = DeviceType.CPU then
                tensor.numel () * tensor.element_size ()
            else
                0L

        if bytes > 0L then
            GC.AddMemoryPressure bytes

        new Vector(tensor.DetachFromDisposeScope(), bytes)

    /// No element has a larger magnitude; NaN when that is not known. Whoever writes into the vector sets it.
    member val internal Bound = nan with get, set

    /// The flat tensor, of shape (length). An InvalidOperationException once the vector is freed.
    member _.Tensor: torch.Tensor =
        if Volatile.Read &owners = 0 then
            raise (freed ())

        tensor

    /// True if more than one owns it: then it must not be written to.
    member _.IsShared: bool = Volatile.Read &owners > 1

    /// True once the last owner has released it.
    member _.IsFreed: bool = Volatile.Read &owners = 0

    /// One more owner. An InvalidOperationException once the vector is freed.
    member this.Retain() : unit =
        match Volatile.Read &owners with
        | 0 -> raise (freed ())
        | seen ->
            if Interlocked.CompareExchange(&owners, seen + 1, seen) <> seen then
                this.Retain()

    /// One owner less; the last one frees the tensor. Releasing a freed vector does nothing.
    member this.Release() : unit =
        match Volatile.Read &owners with
        | 0 -> ()
        | seen ->
            if Interlocked.CompareExchange(&owners, seen - 1, seen) <> seen then
                this.Release()
            elif seen = 1 then
                tensor.Dispose()
                removePressure ()
                GC.SuppressFinalize this

    /// For a vector that was dropped without a release: the tensor's own finalizer frees the memory.
    override _.Finalize() = removePressure ()

/// Making vectors. Each starts with one owner: the caller.
module Vector =

    /// Every element is `value`, padding included.
    let full (layout: Layout) (value: float) : Vector =
        Vector.Own(
            torch.full ([| layout.Length |], Numeric.scalar value, dtype = layout.Dtype, device = layout.Device),
            Bound = abs value
        )

    /// All zeros.
    let zeros (layout: Layout) : Vector =
        Vector.Own(torch.zeros ([| layout.Length |], dtype = layout.Dtype, device = layout.Device))

    /// Writes tensors, in the order of the layout's slots, into their places in a flat tensor.
    let fill (layout: Layout) (tensors: torch.Tensor[]) (flat: torch.Tensor) : unit =
        if tensors.Length <> layout.Slots.Length then
            invalidArg (nameof tensors) $"{tensors.Length} tensors for a layout of {layout.Slots.Length}."

        use _ = torch.no_grad ()

        for index in 0 .. tensors.Length - 1 do
            let slot = layout.Slots[index]

            if tensors[index].numel() <> slot.Size then
                invalidArg (nameof tensors) $"'{slot.Name}' has {slot.Size} elements, not {tensors[index].numel()}."

            use place = Layout.view slot flat
            place.copy_ tensors[index] |> ignore

    /// Copies of these tensors, in the order of the layout's slots, with zeros between them.
    let ofTensors (layout: Layout) (tensors: torch.Tensor[]) : Vector =
        let vector = zeros layout
        fill layout tensors vector.Tensor
        vector

    /// A copy of its own.
    let clone (vector: Vector) : Vector =
        use _ = torch.no_grad ()
        Vector.Own(vector.Tensor.clone (), Bound = vector.Bound)

    /// A view for each slot, in the layout's order, on the vector's memory. The caller owns the views; they keep the
    /// memory alive, whoever releases the vector.
    let views (layout: Layout) (vector: Vector) : torch.Tensor[] = Layout.views layout vector.Tensor
