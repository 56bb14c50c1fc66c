namespace MetricLearning

open System
open TorchSharp

/// The input of a search for neighbours.
module internal KnnInput =

    /// ArgumentException unless `k` neighbours of every query can be found.
    let check (query: torch.Tensor) (k: int64) (reference: torch.Tensor) (refIncludesQuery: bool) : unit =
        ArgumentNullException.ThrowIfNull(query, nameof query)
        ArgumentNullException.ThrowIfNull(reference, nameof reference)
        EmbeddingChecks.areMatrices [ struct (nameof query, query); struct (nameof reference, reference) ]
        Ranges.atLeast 1L (nameof k) k

        if refIncludesQuery && query.size 0 > reference.size 0 then
            invalidArg
                (nameof refIncludesQuery)
                $"The reference has {reference.size 0} rows and cannot begin with the {query.size 0} of the query: leave refIncludesQuery out."

        let available = reference.size 0 - (if refIncludesQuery then 1L else 0L)

        if k > available then
            let others =
                if refIncludesQuery then
                    "besides the query itself"
                else
                    "in the reference"

            invalidArg (nameof k) $"k is {k}, but there are {available} rows {others}: give 1 to {available}."

    /// The type of the comparison: at least 32 bits.
    let dtype (query: torch.Tensor) (reference: torch.Tensor) : torch.ScalarType =
        let wide (rows: torch.Tensor) =
            if Numeric.isHalf rows.dtype then
                torch.float32
            else
                rows.dtype

        if wide query = wide reference then
            wide query
        else
            torch.float64

    /// Both of that type, on the device of the queries.
    let alike (query: torch.Tensor) (reference: torch.Tensor) =
        let dtype = dtype query reference
        query.detach().to_type dtype, reference.detach().``to``(query.device).to_type dtype
