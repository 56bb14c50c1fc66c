namespace Digits

open TorchSharp

/// How well embeddings find their own kind when each one queries all others; 0 … 1, higher is better.
type RetrievalScores =
    {
        /// Mean average precision at R, R being the number of others with the query's label (Musgrave et al. 2020).
        MapAtR: float
        /// The part of the R nearest that match.
        RPrecision: float
        /// How often the nearest one matches.
        PrecisionAt1: float
    }

/// Exact search by cosine similarity.
module Retrieval =

    /// The mean scores of embeddings (N × D) with labels (N); every label occurs at least twice.
    let score (embeddings: torch.Tensor) (labels: torch.Tensor) : RetrievalScores =
        use _ = torch.NewDisposeScope()
        let points = torch.nn.functional.normalize (embeddings.``to`` torch.float64)
        let similarities = points.mm (points.t ())
        similarities.diagonal().fill_((-infinity).ToScalar()) |> ignore // nobody is their own neighbour

        let r = (torch.bincount(labels).index_select(0L, labels) - 1).unsqueeze 1L
        let struct (_, neighbours) = similarities.topk (r.max().ToInt32())
        let ranks = torch.arange (1L, neighbours.size 1 + 1L, torch.float64)

        let hits =
            labels.take(neighbours).eq(labels.unsqueeze 1L).logical_and(ranks.le r).``to`` torch.float64

        let mean (perQuery: torch.Tensor) = perQuery.mean().ToDouble()

        {
            MapAtR = mean ((hits * hits.cumsum 1L / ranks).sum 1L / r.squeeze 1L)
            RPrecision = mean (hits.sum 1L / r.squeeze 1L)
            PrecisionAt1 = mean (hits.select (1L, 0L))
        }
