namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// The place of one tensor in a flat vector: `Size` elements from `Offset` on, in the row-major order of `Shape`. The
/// `Padded` − `Size` elements after them belong to nobody, so that the next slot starts on a 64-byte boundary.
type Slot =
    {
        /// The tensor's dotted name.
        Name: string
        /// Its first element.
        Offset: int64
        /// Its number of elements.
        Size: int64
        /// The number of elements that it takes up.
        Padded: int64
        /// The tensor's shape.
        Shape: int64[]
    }

/// The places of tensors of one dtype and device in a flat vector of `Length` elements, in the order of `Slots`.
[<ReferenceEquality>]
type Layout =
    {
        /// One for each tensor, in their order.
        Slots: Slot[]
        /// The number of elements of the vector.
        Length: int64
        /// The type of its elements.
        Dtype: torch.ScalarType
        /// The device that holds it.
        Device: torch.Device
    }

/// Laying tensors out, and viewing their places in a vector.
module Layout =

    // A cache line, and the widest vector register.
    let private alignment = 64L

    /// The strides of a contiguous tensor of this shape.
    let private strides (shape: int64[]) =
        let strides = Array.create shape.Length 1L

        for dimension in shape.Length - 2 .. -1 .. 0 do
            strides[dimension] <- strides[dimension + 1] * max 1L shape[dimension + 1]

        strides

    /// The layout of these named tensors, in their order. Reads shapes, dtype and device; copies nothing.
    /// Without a tensor, or with tensors of several dtypes or devices, an ArgumentException.
    let ofTensors (tensors: struct (string * torch.Tensor)[]) : Layout =
        if tensors.Length = 0 then
            invalidArg (nameof tensors) "A layout needs at least one tensor: its dtype and device are theirs."

        let struct (first, leader) = tensors[0]
        let dtype, device = leader.dtype, leader.device
        let lane = alignment / leader.element_size ()

        let place offset (struct (name: string, tensor: torch.Tensor)) =
            if tensor.dtype <> dtype || tensor.device.ToString() <> device.ToString() then
                invalidArg
                    (nameof tensors)
                    $"'{name}' is {tensor.dtype} on {tensor.device}, but '{first}' is {dtype} on {device}: a vector holds one dtype on one device."

            let size = tensor.numel ()
            let padded = (size + lane - 1L) / lane * lane

            {
                Name = name
                Offset = offset
                Size = size
                Padded = padded
                Shape = tensor.shape
            },
            offset + padded

        let slots, length = Array.mapFold place 0L tensors

        {
            Slots = slots
            Length = length
            Dtype = dtype
            Device = device
        }

    /// A view of one slot of a flat tensor, in its shape. The caller owns the view.
    let view (slot: Slot) (flat: torch.Tensor) : torch.Tensor =
        flat.as_strided (slot.Shape, strides slot.Shape, flat.storage_offset () + slot.Offset)

    /// A view for each slot, in their order. The caller owns the views.
    let views (layout: Layout) (flat: torch.Tensor) : torch.Tensor[] =
        if flat.numel () <> layout.Length then
            invalidArg (nameof flat) $"A tensor of {flat.numel ()} elements does not fit a layout of {layout.Length}."

        layout.Slots |> Array.map (fun slot -> view slot flat)
