namespace MetricLearning

open System.Collections.Generic
open System.Runtime.InteropServices

/// A loss of pairs. One of your own gives `ComputePairs`, from the distances of the pairs that are asked for: all that
/// labels allow, a miner's, or those of a reference set.
[<AbstractClass>]
type GenericPairLoss
    /// <param name="name">Name of the loss's class.</param>
    /// <param name="distance">The distance unless another one is set; null: Euclidean, of normalised embeddings.</param>
    /// <param name="reducer">The reducer unless another one is set; null: the mean.</param>
    (
        name: string,
        [<Optional; DefaultParameterValue(null: Distance | null)>] distance: Distance | null,
        [<Optional; DefaultParameterValue(null: Reducer | null)>] reducer: Reducer | null
    ) =
    inherit Loss(name, distance, reducer)

    /// The formula, on distances or similarities: the values of each part with the pairs that they belong to. See
    /// `PairDistances.Elements`.
    abstract ComputePairs: positives: PairDistances * negatives: PairDistances -> IReadOnlyList<LossElements>

    override this.ComputeLoss input =
        let struct (positives, negatives) = PairDistances.Of(this.Distance, input)
        this.ComputePairs(positives, negatives)
