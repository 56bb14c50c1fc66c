namespace MetricLearning.Core

open System
open System.Runtime.InteropServices
open TorchSharp

/// The addresses of a tensor's elements, on any device. Addresses are compared, never read through.
[<Struct>]
type internal MemoryRange =
    {
        /// "cpu", or "cuda" with the number of the device.
        Device: string
        /// The address of the first element.
        First: nativeint
        /// The address after the last element.
        Last: nativeint
    }

module internal MemoryRange =

    // TorchSharp itself gives addresses on the CPU only.
    [<DllImport("LibTorchSharp", EntryPoint = "THSTensor_data")>]
    extern nativeint private firstElement(nativeint tensor)

    /// The range of a tensor; none if it has no elements or they do not lie side by side.
    let ofTensor (tensor: torch.Tensor) : MemoryRange voption =
        if tensor.numel () = 0L || not (tensor.is_contiguous ()) then
            ValueNone
        else
            let first = firstElement tensor.Handle
            GC.KeepAlive tensor

            ValueSome
                {
                    Device = string tensor.device
                    First = first
                    Last = first + nativeint (tensor.numel () * tensor.element_size ())
                }
