namespace MetricLearning

// Flat tensors are read where they lie.
#nowarn "9"

open System
open System.Numerics
open System.Runtime.CompilerServices
open FSharp.NativeInterop
open TorchSharp
open MetricLearning.Core

/// A number that is known, or still on a device.
[<RequireQualifiedAccess; Struct; NoEquality; NoComparison>]
type internal Measured =
    /// The number.
    | Known of number: float
    /// A scalar tensor.
    | OnDevice of scalar: torch.Tensor

/// The largest magnitude of many numbers: not finite exactly if one of them is not.
module internal Magnitude =

    /// Without the sign bit, floating-point numbers are in the order of their bits taken for an integer, with infinity
    /// above all numbers and NaN above infinity. So one pass of integer maxima finds what is not finite as well.
    let private largestBits<'Int
        when 'Int: struct
        and 'Int: (new: unit -> 'Int)
        and 'Int :> ValueType
        and 'Int :> IBinaryInteger<'Int>
        and 'Int :> IMinMaxValue<'Int>>
        (address: nativeint)
        (length: int)
        : int64 =
        let numbers =
            Span<'Int>(NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> address), length)

        let width = Vector<'Int>.Count
        // All bits but the sign's.
        let magnitude = Vector<'Int> 'Int.MaxValue
        let mutable first, second = Vector<'Int>.Zero, Vector<'Int>.Zero
        let mutable index = 0

        while index + 2 * width <= length do
            first <- Vector.Max(first, Vector<'Int>(numbers.Slice index) &&& magnitude)
            second <- Vector.Max(second, Vector<'Int>(numbers.Slice(index + width)) &&& magnitude)
            index <- index + 2 * width

        let both = Vector.Max(first, second)
        let mutable largest = 0L

        for lane in 0 .. width - 1 do
            largest <- max largest (Int64.CreateTruncating both[lane])

        while index < length do
            largest <- max largest (Int64.CreateTruncating(numbers[index] &&& 'Int.MaxValue))
            index <- index + 1

        largest

    let private ofPart (dtype: torch.ScalarType) (address: nativeint) (length: int) : float =
        match dtype with
        | torch.ScalarType.Float64 -> BitConverter.Int64BitsToDouble(largestBits<int64> address length)
        | torch.ScalarType.Float32 -> float (BitConverter.Int32BitsToSingle(int (largestBits<int> address length)))
        | torch.ScalarType.Float16 -> float (BitConverter.Int16BitsToHalf(int16 (largestBits<int16> address length)))
        // The upper half of a float32.
        | _ -> float (BitConverter.Int32BitsToSingle(int (largestBits<int16> address length) <<< 16))

    /// Tells whether tensors of this layout can be read where they lie.
    let isReadable (layout: Layout) : bool =
        layout.Device.``type`` = DeviceType.CPU
        && (layout.Dtype = torch.float32
            || layout.Dtype = torch.float64
            || layout.Dtype = torch.float16
            || layout.Dtype = torch.bfloat16)
        // A span counts its bytes in 32 bits.
        && layout.Length <= int64 Int32.MaxValue / 8L

    /// NaN where either is.
    let larger (left: float) (right: float) : float = Math.Max(left, right)

    /// The largest magnitude of so many numbers of a readable type from an address on, `size` bytes each; 0 of none.
    let ofMemory (dtype: torch.ScalarType) (size: int64) (address: nativeint) (length: int64) : float =
        let length = int length

        match FlatMemory.parts length with
        | 0
        | 1 -> ofPart dtype address length
        | parts ->
            let found: float[] = Array.zeroCreate parts

            FlatMemory.inParts (torch.get_num_threads ()) length (fun part start length ->
                found[part] <- ofPart dtype (address + nativeint (int64 start * size)) length)

            Array.fold larger 0.0 found

    let private inSlots (layout: Layout) (flat: torch.Tensor) : float[] =
        let size = flat.element_size ()
        let struct (address, _) = FlatMemory.locate flat

        let found =
            [|
                for slot in layout.Slots ->
                    ofMemory layout.Dtype size (address + nativeint (slot.Offset * size)) slot.Size
            |]

        // Addresses do not keep their tensors alive.
        GC.KeepAlive flat
        found

    /// The largest magnitude of a flat tensor of this layout; padding counts.
    let private ofAll (layout: Layout) (flat: torch.Tensor) : float =
        let struct (address, _) = FlatMemory.locate flat
        let found = ofMemory layout.Dtype (flat.element_size ()) address layout.Length
        GC.KeepAlive flat
        found

    /// The largest magnitude of a tensor's numbers, as a float64 scalar on its device.
    let ofTensor (tensor: torch.Tensor) : torch.Tensor =
        if tensor.numel () = 0L then
            torch.zeros ([||], dtype = torch.float64, device = tensor.device)
        else
            torch.linalg.norm(tensor.reshape -1L, Double.PositiveInfinity).``to`` torch.float64

    /// The largest magnitude of each slot of a flat tensor; padding does not count.
    let ofSlots (layout: Layout) (flat: torch.Tensor) : float[] =
        if isReadable layout then
            inSlots layout flat
        else
            [|
                for slot in layout.Slots do
                    use view = Layout.view slot flat
                    use largest = ofTensor view
                    largest.item<float>()
            |]

    /// The largest magnitude of a flat tensor of this layout. On a device padding counts.
    let ofFlat (layout: Layout) (flat: torch.Tensor) : Measured =
        if not (isReadable layout) then
            Measured.OnDevice(ofTensor flat)
        else
            let found = ofAll layout flat

            if Double.IsFinite found then
                Measured.Known found
            else
                Measured.Known(Array.fold larger 0.0 (inSlots layout flat))
