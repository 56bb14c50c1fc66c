namespace MetricLearning

open System.Runtime.InteropServices

/// x · y raised to a power, by default of normalised embeddings.
[<Sealed>]
type DotProductSimilarity
    /// <param name="normalizeEmbeddings">Scales embeddings to length 1 in the p-norm first.</param>
    /// <param name="p">Order of the norm that embeddings are scaled by.</param>
    /// <param name="power">Exponent of the similarities.</param>
    (
        [<Optional; DefaultParameterValue(true)>] normalizeEmbeddings: bool,
        [<Optional; DefaultParameterValue(2.0)>] p: double,
        [<Optional; DefaultParameterValue(1.0)>] power: double
    ) =
    inherit Distance("DotProductSimilarity", true, normalizeEmbeddings, p, power)

    override _.Kind = DistanceKind.DotProduct
    override _.ComputeMatrix(query, reference) = query.mm (reference.t ())
    override _.PairwiseDistance(query, reference) = (query * reference).sum 1L
