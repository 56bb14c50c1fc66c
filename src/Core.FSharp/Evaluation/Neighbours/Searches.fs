namespace MetricLearning

open System
open TorchSharp

/// Searches among embeddings that were checked already, and what a search of the user's returns.
module internal Searches =

    let private check (queries: int64) (k: int64) (references: int64) (found: Neighbours) : unit =
        let describe (tensor: torch.Tensor) =
            $"{tensor.dtype} {Shape.show tensor.shape}"

        if isNull (box found) || isNull (box found.Indices) || isNull (box found.Distances) then
            invalidOp "The kNN function returned null: it must return distances and indices."

        let isOf (tensor: torch.Tensor) =
            tensor.dim () = 2L && tensor.size 0 <= queries && tensor.size 1 = k

        if
            not (isOf found.Indices && isOf found.Distances)
            || found.Indices.size 0 <> found.Distances.size 0
            || found.Indices.dtype <> torch.int64
        then
            invalidOp
                $"The kNN function must return {k} neighbours of each of {queries} queries, distances and int64 indices; it returned {describe found.Distances} and {describe found.Indices}."

        use _ = torch.NewDisposeScope()
        let isBefore = found.Indices.lt (Numeric.whole 0L)
        let isBehind = found.Indices.ge (Numeric.whole references)

        if isBefore.logical_or(isBehind).any().item<bool>() then
            invalidOp
                $"The kNN function returned an index outside of 0 to {references - 1L}: indices are rows of the reference."

    /// The `k` nearest of finite embeddings.
    let search (knn: KnnFunc) (query: torch.Tensor) (k: int64) (reference: torch.Tensor) : Neighbours =
        match knn with
        | :? CustomKNN as own -> own.SearchFinite(query, k, reference)
        | given ->
            let found = given.Search(query, k, reference, false)
            check (query.size 0) k (reference.size 0) found

            if found.Indices.size 0 <> query.size 0 then
                invalidOp $"The kNN function returned neighbours of {found.Indices.size 0} queries, of {query.size 0}."

            found

    /// The same block by block.
    let inBlocks (knn: KnnFunc) (query: torch.Tensor) (k: int64) (reference: torch.Tensor) (includesQuery: bool) act =
        match knn with
        | :? CustomKNN as own -> own.SearchFiniteInBlocks(query, k, reference, includesQuery, act)
        | given ->
            given.SearchInBlocks(
                query,
                k,
                reference,
                includesQuery,
                fun first found ->
                    check (query.size 0 - first) k (reference.size 0) found
                    act first found
            )
