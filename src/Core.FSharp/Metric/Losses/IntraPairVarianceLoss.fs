namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// [(1 − ε⁺) μ⁺ − s⁺]₊² for positive pairs, [s⁻ − (1 + ε⁻) μ⁻]₊² for negative pairs, μ being the mean similarity of each kind (Yu
/// & Tao 2019, "Deep metric learning with tuplet margin loss"); mirrored for distances. Each kind is reduced on its own, then
/// added.
[<Sealed>]
type IntraPairVarianceLoss
    /// <param name="posEps">Tolerance ε⁺ of positive pairs, relative to their mean.</param>
    /// <param name="negEps">Tolerance ε⁻ of negative pairs, relative to their mean.</param>
    ([<Optional; DefaultParameterValue(0.01)>] posEps: float, [<Optional; DefaultParameterValue(0.01)>] negEps: float) =
    inherit GenericPairLoss("IntraPairVarianceLoss", CosineSimilarity())

    // [(1 ± ε) μ − s]₊² or [s − (1 ± ε) μ]₊²: `excess` of values beyond a limit a little on the bad side of their mean.
    let part name (pairs: PairDistances) (factor: float) (excess: torch.Tensor -> torch.Tensor -> torch.Tensor) =
        let mean = pairs.Elements(name, pairs.Values).Mean()
        let limit = mean.to_type pairs.Values.dtype .* factor
        pairs.Elements(name, (excess pairs.Values limit).relu().squared())

    override _.Parts = [| "pos_loss"; "neg_loss" |]

    override this.ComputePairs(positives, negatives) =
        let distance = this.Distance
        let sign = if distance.IsInverted then -1.0 else 1.0

        [|
            part "pos_loss" positives (1.0 + sign * posEps) (fun values limit -> distance.Margin(values, limit))
            part "neg_loss" negatives (1.0 - sign * negEps) (fun values limit -> distance.Margin(limit, values))
        |]
