namespace MetricLearning.Core

open System
open System.Threading
open MetricLearning

/// Weights and optimizer slots of one `ParameterGroup`.
[<ReferenceEquality>]
type GroupState =
    {
        /// All weights, one after the other.
        Weights: Vector
        /// The optimizer's slots (momentum, averages of squares, …), laid out like the weights.
        Slots: Vector[]
        /// The number of steps of each parameter.
        Counts: int64[]
    }

/// Weights, optimizer slots and buffers (batch-norm statistics, losses' memory) of a run, and the average of its weights, as
/// flat vectors that nobody writes to while this value lives. `Dispose` releases the vectors; values that share them are not
/// affected.
[<Sealed>]
type Learned(groups: GroupState[], buffers: Vector[], average: RunningAverage) =
    let mutable freed = 0

    /// Without an average.
    new(groups: GroupState[], buffers: Vector[]) =
        new Learned(groups, buffers, RunningAverage.none groups.Length buffers.Length)

    /// One entry for each `ParameterGroup`, in their order.
    member _.Groups = groups

    /// One vector for each dtype and device that buffers have.
    member _.Buffers = buffers

    /// The average of the weights; of a run without one, and before the first, its count is 0.
    member _.Average = average

    /// All vectors.
    member _.Vectors: Vector seq =
        seq {
            for group in groups do
                group.Weights
                yield! group.Slots

            yield! buffers
            yield! average.Vectors
        }

    /// True once the vectors were released: then this value can no longer be used.
    member _.IsFreed = Volatile.Read &freed = 1

    /// Marks the value as used up, its vectors having moved into another one. True for the first who asks.
    member internal _.TryConsume() = Interlocked.Exchange(&freed, 1) = 0

    /// The same vectors in a value with a life of its own.
    /// Raises InvalidOperationException when this value was freed.
    member this.Share() : Learned =
        this.ThrowIfFreed()

        for vector in this.Vectors do
            vector.Retain()

        new Learned(groups, buffers, average)

    /// The same without an average; a value with a life of its own.
    /// Raises InvalidOperationException when this value was freed.
    member this.WithoutAverage() : Learned =
        this.ThrowIfFreed()
        let plain = new Learned(groups, buffers)

        for vector in plain.Vectors do
            vector.Retain()

        plain

    /// The same, with the averages in the places of weights and buffers; a value with a life of its own.
    /// Raises InvalidOperationException when this value was freed.
    member this.Averaged() : Learned =
        this.ThrowIfFreed()

        let weights = groups |> Array.map _.Weights |> RunningAverage.applied average.Groups

        let buffers = RunningAverage.applied average.Buffers buffers

        for vector in Seq.append (groups |> Seq.collect _.Slots) average.Vectors do
            vector.Retain()

        new Learned(Array.map2 (fun group weights -> { group with Weights = weights }) groups weights, buffers, average)

    /// Raises InvalidOperationException when this value was freed.
    member this.ThrowIfFreed() =
        if this.IsFreed then
            invalidOp
                "This state's weights were released, by Dispose or because its run went on. Take trainer.State inside the hook to step it again later."

    /// Releases the vectors. Safe to call more than once.
    member this.Dispose() =
        if this.TryConsume() then
            for vector in this.Vectors do
                vector.Release()

    interface IDisposable with
        member this.Dispose() = this.Dispose()
