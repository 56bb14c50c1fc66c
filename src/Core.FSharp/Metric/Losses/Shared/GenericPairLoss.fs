namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic

/// A loss of pairs. One of your own gives `ComputePairs`, which gets the distances of whatever pairs are asked for: all
/// that labels allow, a miner's, or those of a reference set. (For a loss of whole rows of the distance matrix, derive
/// from `Loss` and see `PairMasks`.)
[<AbstractClass>]
type GenericPairLoss(settings: LossSettings) =
    inherit Loss(settings)

    /// Only defaults: Euclidean distance on normalised embeddings, the mean.
    new() = new GenericPairLoss(LossSettings.defaults)

    /// The formula, on distances or similarities: each part's values with the pairs they belong to. See
    /// `PairDistances.Elements`.
    abstract ComputePairs: positives: PairDistances * negatives: PairDistances -> IReadOnlyList<LossElements>

    override this.ComputeLoss input =
        let struct (positives, negatives) = PairDistances.Of(this.Distance, input)
        this.ComputePairs(positives, negatives)
