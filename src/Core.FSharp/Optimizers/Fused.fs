namespace MetricLearning

open MetricLearning.Core

// Flat tensors are written where they lie.
#nowarn "9"

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Threading.Tasks
open FSharp.NativeInterop
open TorchSharp

/// SGD, Adam and AdamW in one pass over memory, for float32 and float64 on the CPU. libtorch takes a pass for every
/// operation, and most of such a step is waiting for memory.
module internal Fused =

    /// Whether `update` knows the rule and can reach the memory.
    let covers (rule: Rule) (layout: Layout) : bool =
        let known =
            match rule with
            | Rule.Sgd _
            | Rule.Adam _
            | Rule.AdamW _ -> true
            | _ -> false

        let reachable =
            layout.Device.``type`` = DeviceType.CPU
            && (layout.Dtype = torch.float32 || layout.Dtype = torch.float64)
            // A span counts its bytes in 32 bits.
            && layout.Length <= int64 Int32.MaxValue / 8L

        known && reachable

    /// Where the flat tensors of an update lie. Asked for once an update: asking takes as long as updating a small parameter.
    type Memory =
        {
            Weights: nativeint
            Slots: nativeint[]
            IsDouble: bool
            /// How many threads may share a large parameter.
            Threads: int
        }

    let private address (flat: torch.Tensor) : nativeint =
        NativePtr.toNativeInt (NativePtr.ofVoidPtr<byte>(Unsafe.AsPointer(&MemoryMarshal.GetReference flat.bytes)))

    /// Where these flat tensors lie; they must be kept alive while it is used.
    let memory (slots: torch.Tensor[]) (weights: torch.Tensor) : Memory =
        {
            Weights = address weights
            Slots = Array.map address slots
            IsDouble = weights.dtype = torch.float64
            Threads = torch.get_num_threads ()
        }

    /// The vectors of a part of a flat tensor. Slots are padded to whole vectors, so their last one may be written.
    let private lanes<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType>
        (start: int)
        (length: int)
        (flat: nativeint)
        =
        let width = Vector<'T>.Count
        let first = flat + nativeint start * nativeint (Unsafe.SizeOf<'T>())

        Span<Vector<'T>>(NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> first), (length + width - 1) / width)

    let inline private number<'T when 'T :> INumberBase<'T>> (value: float) = Vector<'T>('T.CreateTruncating value)

    let private sgd<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (options: Sgd)
        (rate: float)
        (first: bool)
        (gradient: Span<Vector<'T>>)
        (last: Vector<'T>)
        (buffer: Span<Vector<'T>>)
        (weights: Span<Vector<'T>>)
        =
        let decay, step =
            if options.Maximize then
                number<'T> -options.WeightDecay, number<'T> rate
            else
                number<'T> options.WeightDecay, number<'T> -rate

        let momentum, kept =
            number<'T> options.Momentum, number<'T>(1.0 - options.Dampening)

        let decays, builds = options.WeightDecay <> 0.0, options.Momentum <> 0.0

        for index in 0 .. weights.Length - 1 do
            let weight = weights[index]
            let mutable direction = if index < gradient.Length then gradient[index] else last

            if decays then
                direction <- direction + decay * weight

            if builds then
                let built =
                    if first then
                        direction
                    else
                        momentum * buffer[index] + kept * direction

                buffer[index] <- built

                direction <-
                    if options.Nesterov then
                        direction + momentum * built
                    else
                        built

            weights[index] <- weight + step * direction

    let private adam<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (decoupled: bool)
        (options: Adam)
        (rate: float)
        (count: int64)
        (gradient: Span<Vector<'T>>)
        (last: Vector<'T>)
        (means: Span<Vector<'T>>)
        (squares: Span<Vector<'T>>)
        (largest: Span<Vector<'T>>)
        (weights: Span<Vector<'T>>)
        =
        let spread = sqrt (Moments.correction options.Beta2 count)
        let step = number<'T>(-rate * spread / Moments.correction options.Beta1 count)
        let eps = number<'T>(options.Eps * spread)
        let beta1, rest1 = number<'T> options.Beta1, number<'T>(1.0 - options.Beta1)
        let beta2, rest2 = number<'T> options.Beta2, number<'T>(1.0 - options.Beta2)
        let decay = number<'T> options.WeightDecay
        let shrink = number<'T>(1.0 - rate * options.WeightDecay)
        let decays = options.WeightDecay <> 0.0

        for index in 0 .. weights.Length - 1 do
            let mutable weight = weights[index]
            let mutable direction = if index < gradient.Length then gradient[index] else last

            if options.Maximize then
                direction <- -direction

            if decays then
                if decoupled then
                    weight <- weight * shrink
                else
                    direction <- direction + decay * weight

            let mean = beta1 * means[index] + rest1 * direction
            let square = beta2 * squares[index] + rest2 * direction * direction
            means[index] <- mean
            squares[index] <- square
            let mutable under = square

            if options.AmsGrad then
                under <- Vector.Max(square, largest[index])
                largest[index] <- under

            weights[index] <- weight + step * mean / (Vector.SquareRoot under + eps)

    // The part of a parameter that starts `start` elements into it.
    let private updatePart<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (rule: Rule)
        (rate: float)
        (count: int64)
        (offset: int)
        (start: int)
        (length: int)
        (gradient: torch.Tensor)
        (memory: Memory)
        =
        let slots = memory.Slots
        let width = Vector<'T>.Count
        let elements = MemoryMarshal.Cast<byte, 'T>(gradient.bytes).Slice(start, length)
        let whole = length / width * width
        // What does not fill a vector, followed by zeros: behind a gradient lies no padding of ours.
        let rest = Array.zeroCreate<'T> width
        elements.Slice(whole).CopyTo(Span rest)
        let last = Vector<'T> rest
        let gradient = MemoryMarshal.Cast<'T, Vector<'T>>(elements.Slice(0, whole))
        let place = offset + start
        let weights = lanes<'T> place length memory.Weights

        match rule with
        | Rule.Sgd options ->
            let buffer =
                if slots.Length > 0 then
                    lanes<'T> place length slots[0]
                else
                    Span<Vector<'T>>.Empty

            sgd<'T> options rate (count = 1L) gradient last buffer weights
        | Rule.Adam options
        | Rule.AdamW options ->
            let largest =
                if options.AmsGrad then
                    lanes<'T> place length slots[2]
                else
                    Span<Vector<'T>>.Empty

            adam<'T>
                rule.IsAdamW
                options
                rate
                count
                gradient
                last
                (lanes<'T> place length slots[0])
                (lanes<'T> place length slots[1])
                largest
                weights
        | _ -> invalidArg (nameof rule) "This rule has no fused form."

    // Below this many elements a second thread costs more than it saves.
    let private part = 131072

    /// One step of one parameter, whose gradient is contiguous, written into its place in the slots and weights.
    let update
        (rule: Rule)
        (rate: float)
        (count: int64)
        (place: Slot)
        (gradient: torch.Tensor)
        (memory: Memory)
        : unit =
        let offset, size = int place.Offset, int place.Size

        let one (index: int) =
            let start = index * part
            let length = min part (size - start)

            if memory.IsDouble then
                updatePart<float> rule rate count offset start length gradient memory
            else
                updatePart<float32> rule rate count offset start length gradient memory

        let parts = (size + part - 1) / part
        let threads = min parts memory.Threads

        if threads < 2 then
            for index in 0 .. parts - 1 do
                one index
        else
            Parallel.For(0, parts, ParallelOptions(MaxDegreeOfParallelism = threads), one)
            |> ignore

        // The span does not keep its tensor alive.
        GC.KeepAlive gradient
