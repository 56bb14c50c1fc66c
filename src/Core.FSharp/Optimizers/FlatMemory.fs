namespace MetricLearning

// Flat tensors are written where they lie.
#nowarn "9"

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Threading.Tasks
open FSharp.NativeInterop
open TorchSharp
open MetricLearning.Core

/// Addresses of the flat tensors of an update on the CPU. Asked for once an update, because asking takes as long as
/// updating a small parameter.
type internal FlatMemory =
    {
        /// Address of the weights.
        WeightAddress: nativeint
        /// Addresses of the slots.
        SlotAddresses: nativeint[]
        /// The elements are float64; else they are float32.
        IsDouble: bool
        /// Number of threads that may share a large parameter.
        Threads: int
    }

/// Reaching flat tensors by address.
module internal FlatMemory =

    /// Tells whether tensors of this layout can be reached: float32 or float64 on the CPU.
    let isReachable (layout: Layout) : bool =
        layout.Device.``type`` = DeviceType.CPU
        && (layout.Dtype = torch.float32 || layout.Dtype = torch.float64)
        // A span counts its bytes in 32 bits.
        && layout.Length <= int64 Int32.MaxValue / 8L

    /// The address of a contiguous tensor on the CPU, which must be kept alive while it is used, and its size in bytes.
    let locate (flat: torch.Tensor) : struct (nativeint * int64) =
        let bytes = flat.bytes

        NativePtr.toNativeInt (NativePtr.ofVoidPtr<byte>(Unsafe.AsPointer(&MemoryMarshal.GetReference bytes))),
        int64 bytes.Length

    let private address (flat: torch.Tensor) : nativeint =
        let struct (address, _) = locate flat
        address

    /// The addresses of these tensors, which must be kept alive while they are used.
    let ofTensors (slots: torch.Tensor[]) (weights: torch.Tensor) : FlatMemory =
        {
            WeightAddress = address weights
            SlotAddresses = Array.map address slots
            IsDouble = weights.dtype = torch.float64
            Threads = torch.get_num_threads ()
        }

    // Below this many elements a second thread costs more than it saves.
    let private part = 131072

    /// The number of parts that so many elements are worked on in.
    let parts (size: int) : int = (size + part - 1) / part

    /// Acts on the parts of so many elements (number of the part, first element, length), on as many threads as may share them.
    let inParts (threads: int) (size: int) (act: int -> int -> int -> unit) : unit =
        let parts = parts size

        let one (index: int) =
            act index (index * part) (min part (size - index * part))

        let threads = min parts threads

        if threads < 2 then
            for index in 0 .. parts - 1 do
                one index
        else
            Parallel.For(0, parts, ParallelOptions(MaxDegreeOfParallelism = threads), one)
            |> ignore

    /// So many elements from element `start` on.
    let elements<'T> (start: int) (length: int) (flat: nativeint) : Span<'T> =
        let first = flat + nativeint start * nativeint (Unsafe.SizeOf<'T>())
        Span<'T>(NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> first), length)

    /// The part of a flat tensor from element `start`, as vectors. Slots of a layout are padded to whole vectors, so the
    /// last one may be written.
    let lanes<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType>
        (start: int)
        (length: int)
        (flat: nativeint)
        : Span<Vector<'T>> =
        let width = Vector<'T>.Count
        let first = flat + nativeint start * nativeint (Unsafe.SizeOf<'T>())

        Span<Vector<'T>>(NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> first), (length + width - 1) / width)
