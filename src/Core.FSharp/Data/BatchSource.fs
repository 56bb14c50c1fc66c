namespace MetricLearning

open System
open System.Collections.Generic
open System.Threading
open MetricLearning.Core

/// The way from samples to data and labels: the user's functions, where given, and the treatment of labels.
[<ReferenceEquality>]
type Reading =
    {
        /// List of samples → batch; null for `Collate.samples`.
        CollateFn: Func<IReadOnlyList<obj>, obj> | null
        /// Batch → data and labels; null for the first and last element of a tuple or list (all but the last are data), or
        /// the entries "data" and "labels" or "label" of a dictionary.
        DataAndLabelGetter: Func<obj, struct (obj * obj)> | null
        /// From labels to integers.
        Labels: LabelMap
        /// The levels of the label hierarchy that count.
        Level: HierarchyLevel
    }

    /// Default collation, integer labels as they are, level 0.
    static member Default =
        {
            CollateFn = null
            DataAndLabelGetter = null
            Labels = LabelMap.Identity
            Level = HierarchyLevel.One 0
        }

    /// The labels that the numbers of the one level that counts stand for; none where there are several, or labels are their
    /// own numbers.
    member internal reading.ClassLabels: string[] =
        match reading.Level with
        | HierarchyLevel.One level -> reading.Labels.Names level
        | HierarchyLevel.Several _
        | HierarchyLevel.All -> [||]

/// A data set as a function from indices to batches. Several threads may fetch at once.
[<AbstractClass>]
type BatchSource() =

    /// The number of samples.
    abstract Count: int64

    /// True where fetching is so cheap that threads would only cost.
    abstract IsCheap: bool

    /// The labels that the numbers 0, 1, … of batches stand for; none where labels are their own numbers.
    abstract ClassLabels: string[]
    default _.ClassLabels = [||]

    /// The batch of these samples, in no dispose scope. The caller disposes it. The seed is for randomness within samples.
    abstract Fetch: indices: int64[] * seed: Seed * cancellationToken: CancellationToken -> Batch

    /// The rows that process `part` of `parts` has of this batch; by default, all are read and the others dropped.
    abstract FetchPart:
        indices: int64[] * part: int * parts: int * seed: Seed * cancellationToken: CancellationToken -> Batch

    default this.FetchPart(indices, part, parts, seed, cancellationToken) =
        ArgumentNullException.ThrowIfNull(indices, nameof indices)
        use whole = this.Fetch(indices, seed, cancellationToken)
        BatchShare.cut part parts whole

    interface IDisposable with
        member this.Dispose() = this.Dispose()

    /// Frees the source's own memory; the data set is left alone.
    abstract Dispose: unit -> unit
    default _.Dispose() = ()

    /// InvalidOperationException if the data set has no such sample.
    static member internal Check(indices: int64[], count: int64) : unit =
        ArgumentNullException.ThrowIfNull(indices, nameof indices)

        for index in indices do
            if index < 0L || index >= count then
                raise (
                    PartException(
                        "The order of data",
                        "",
                        $"it asks for sample {index}, but the data set has {count} samples, 0 to {count - 1L}.",
                        null
                    )
                )
