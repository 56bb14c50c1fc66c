namespace MetricLearning

open System
open TorchSharp

/// Finds nearest neighbours. A class of your own overrides `Search`.
[<AbstractClass>]
type KnnFunc() =

    /// The `k` nearest rows of `reference` (R × D) for every row of `query` (Q × D), on the device of the queries. With
    /// `refIncludesQuery`, row i of the query is row i of the reference, and is not a neighbour of itself; rows that are merely
    /// equal are. You own the result.
    /// ArgumentException when there are fewer than `k` rows to find, and, in searches of this library, when a number is NaN or infinite.
    /// Calculators and models have looked before at whether their numbers are finite.
    abstract Search: query: torch.Tensor * k: int64 * reference: torch.Tensor * refIncludesQuery: bool -> Neighbours

    /// The same block by block: `act` gets the number of the first query of a block, and the block's neighbours, which are disposed when
    /// it returns. By default all queries are one block.
    abstract SearchInBlocks:
        query: torch.Tensor *
        k: int64 *
        reference: torch.Tensor *
        refIncludesQuery: bool *
        act: Action<int64, Neighbours> ->
            unit

    default this.SearchInBlocks(query, k, reference, refIncludesQuery, act) =
        ArgumentNullException.ThrowIfNull(act, nameof act)
        use found = this.Search(query, k, reference, refIncludesQuery)
        act.Invoke(0L, found)
