namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// ‖x − y‖ₚ raised to a power; by default the Euclidean distance of normalised embeddings.
[<Sealed>]
type LpDistance
    /// <param name="normalizeEmbeddings">Scales embeddings to length 1 in the p-norm first.</param>
    /// <param name="p">Order of the norm, above 0; infinity is allowed.</param>
    /// <param name="power">Exponent of the distances.</param>
    (
        [<Optional; DefaultParameterValue(true)>] normalizeEmbeddings: bool,
        [<Optional; DefaultParameterValue(2.0)>] p: double,
        [<Optional; DefaultParameterValue(1.0)>] power: double
    ) =
    inherit Distance("LpDistance", false, normalizeEmbeddings, p, power)

    override _.Kind = DistanceKind.Lp
    override _.ComputeMatrix(query, reference) = Norms.matrix p query reference
    override _.ComputePairs(query, reference) = Norms.pairs p query reference

    /// ‖xᵢ − yᵢ + 1e-6‖ₚ; the small number keeps the gradient of equal rows finite.
    override _.PairwiseDistance(query, reference) =
        torch.nn.functional.pairwise_distance (query, reference, p)
