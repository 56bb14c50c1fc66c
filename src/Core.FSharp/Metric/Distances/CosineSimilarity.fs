namespace MetricLearning

open System.Runtime.InteropServices

/// x · y / (‖x‖ ‖y‖) raised to a power: the dot product of embeddings that are always normalised.
[<Sealed>]
type CosineSimilarity
    /// <param name="p">Order of the norm that embeddings are scaled by.</param>
    /// <param name="power">Exponent of the similarities.</param>
    ([<Optional; DefaultParameterValue(2.0)>] p: double, [<Optional; DefaultParameterValue(1.0)>] power: double) =
    inherit Distance("CosineSimilarity", true, true, p, power)

    override _.Kind = DistanceKind.Cosine
    override _.ComputeMatrix(query, reference) = query.mm (reference.t ())
    override _.PairwiseDistance(query, reference) = (query * reference).sum 1L
