namespace MetricLearning

open System
open System.Collections.Generic

/// An order of the data: a sampler, a batch sampler, or indices or batches of your own.
[<AbstractClass>]
type AnySampler internal () =

    /// A sequence of indices, enumerated once a pass and cut into batches.
    static member Indices(indices: IEnumerable<int64>) : AnySampler =
        ArgumentNullException.ThrowIfNull(indices, nameof indices)
        OwnIndices indices

    /// A sequence of batches, enumerated once a pass; the trainer's batch size is not used.
    static member Batches(batches: IEnumerable<int64[]>) : AnySampler =
        ArgumentNullException.ThrowIfNull(batches, nameof batches)
        OwnBatches batches

    /// The same indices in every pass, cut into batches.
    static member op_Implicit(indices: int64[]) : AnySampler = AnySampler.Indices indices

    /// The same batches in every pass.
    static member op_Implicit(batches: int64[][]) : AnySampler = AnySampler.Batches batches

and [<Sealed>] internal OwnIndices(indices: IEnumerable<int64>) =
    inherit AnySampler()
    member _.Indices = indices

and [<Sealed>] internal OwnBatches(batches: IEnumerable<int64[]>) =
    inherit AnySampler()
    member _.Batches = batches
