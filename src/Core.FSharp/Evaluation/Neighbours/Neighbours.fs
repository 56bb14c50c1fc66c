namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// The nearest references of some queries, nearest first; equally near ones in the order of their rows.
[<Sealed>]
type Neighbours(distances: torch.Tensor, indices: torch.Tensor) =

    do
        ArgumentNullException.ThrowIfNull(distances, nameof distances)
        ArgumentNullException.ThrowIfNull(indices, nameof indices)

    /// (Q × k) from each query to its neighbours, nearest first; by a similarity, largest first.
    member _.Distances = distances

    /// (Q × k) int64: the neighbours' rows among the references.
    member _.Indices = indices

    /// Both, for C#'s <c>var (distances, indices) =</c>.
    member _.Deconstruct([<Out>] first: byref<torch.Tensor>, [<Out>] second: byref<torch.Tensor>) : unit =
        first <- distances
        second <- indices

    /// Frees both.
    member _.Dispose() =
        distances.Dispose()
        indices.Dispose()

    interface IDisposable with
        member this.Dispose() = this.Dispose()
