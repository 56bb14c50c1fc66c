namespace MetricLearning

open System.Runtime.InteropServices

/// −log(e^{s⁺/τ} / (e^{s⁺/τ} + Σ e^{s⁻/τ})) for every positive pair, over the negatives of its anchor (Sohn 2016; Chen et al. 2020,
/// "SimCLR"). Distances count as negative similarities.
[<Sealed>]
type NTXentLoss
    /// <param name="temperature">Temperature τ: similarities are divided by it.</param>
    ([<Optional; DefaultParameterValue(0.07)>] temperature: float) =
    inherit Loss("NTXentLoss", CosineSimilarity())

    override _.AnchorsAreIndependent = true

    override this.ComputeLoss input =
        let logits = Similarity.matrix this.Distance (1.0 / temperature) input
        let pairs = PairDistances.AgainstNegatives(logits, input)
        let negatives = pairs.OfAnchors(AnchorNegatives.logSumExpOrNothing input logits)
        // The quotient is 1 / (1 + e^x), where x is the excess of the negatives over the positive.
        [| pairs.Elements("loss", LogSumExp.plusOne (negatives - pairs.Values)) |]
