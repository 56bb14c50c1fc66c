namespace MetricLearning

open System
open System.Numerics
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning.Core

/// The numbers of one step of Adam.
[<Struct>]
type internal AdamStep =
    {
        /// Decay rate of the mean of gradients.
        Beta1: float
        /// Decay rate of the mean of squares.
        Beta2: float
        /// The weights move by this times m / (√v + ε).
        Factor: float
        /// The ε in it.
        Eps: float
        /// Fraction of the weights that is added to their gradient.
        Decay: float
        /// The weights are multiplied by this before they move.
        Shrink: float
        /// Divides by the largest mean of squares so far.
        AmsGrad: bool
        /// Climbs instead of descending.
        Maximize: bool
    }

/// Adam and AdamW in one pass over memory. libtorch takes a pass for every operation, and most of such a step is waiting
/// for memory: docs/performance.md says how much of an iteration this saves.
module internal FusedAdam =

    let inline private number<'T when 'T :> INumberBase<'T>> (value: float) = Vector<'T>('T.CreateTruncating value)

    let private kernel<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (step: AdamStep)
        (gradient: Span<Vector<'T>>)
        (last: Vector<'T>)
        (means: Span<Vector<'T>>)
        (squares: Span<Vector<'T>>)
        (largest: Span<Vector<'T>>)
        (weights: Span<Vector<'T>>)
        =
        let factor, eps = number<'T> step.Factor, number<'T> step.Eps
        let beta1, rest1 = number<'T> step.Beta1, number<'T>(1.0 - step.Beta1)
        let beta2, rest2 = number<'T> step.Beta2, number<'T>(1.0 - step.Beta2)
        let decay, shrink = number<'T> step.Decay, number<'T> step.Shrink
        let decays, shrinks = step.Decay <> 0.0, step.Shrink <> 1.0

        for index in 0 .. weights.Length - 1 do
            let mutable weight = weights[index]
            let mutable direction = if index < gradient.Length then gradient[index] else last

            if step.Maximize then
                direction <- -direction

            if decays then
                direction <- direction + decay * weight

            if shrinks then
                weight <- weight * shrink

            let mean = beta1 * means[index] + rest1 * direction
            let square = beta2 * squares[index] + rest2 * direction * direction
            means[index] <- mean
            squares[index] <- square
            let mutable under = square

            if step.AmsGrad then
                under <- Vector.Max(square, largest[index])
                largest[index] <- under

            weights[index] <- weight + factor * mean / (Vector.SquareRoot under + eps)

    // The part of a parameter that starts `start` elements into it.
    let private updatePart<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (step: AdamStep)
        (offset: int)
        (start: int)
        (length: int)
        (gradient: nativeint)
        (memory: FlatMemory)
        =
        let width = Vector<'T>.Count
        let elements = FlatMemory.elements<'T> start length gradient
        let whole = length / width * width
        // What does not fill a vector, followed by zeros: behind a gradient lies no padding of ours.
        let rest = Array.zeroCreate<'T> width
        elements.Slice(whole).CopyTo(Span rest)
        let place = offset + start

        let largest =
            if step.AmsGrad then
                FlatMemory.lanes<'T> place length memory.SlotAddresses[2]
            else
                Span<Vector<'T>>.Empty

        kernel<'T>
            step
            (MemoryMarshal.Cast<'T, Vector<'T>>(elements.Slice(0, whole)))
            (Vector<'T> rest)
            (FlatMemory.lanes<'T> place length memory.SlotAddresses[0])
            (FlatMemory.lanes<'T> place length memory.SlotAddresses[1])
            largest
            (FlatMemory.lanes<'T> place length memory.WeightAddress)

    /// One step of one parameter, whose gradient lies at an address, written into its place in the slots and weights.
    let update (step: AdamStep) (place: Slot) (gradient: nativeint) (memory: FlatMemory) : unit =
        let offset = int place.Offset

        FlatMemory.inParts memory.Threads (int place.Size) (fun _ start length ->
            if memory.IsDouble then
                updatePart<float> step offset start length gradient memory
            else
                updatePart<float32> step offset start length gradient memory)
