namespace MetricLearning.Core.Miners

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Options of the multi-similarity miner.
[<RequireQualifiedAccess>]
type MultiSimilarity =
    {
        /// How much easier than the hardest of the other kind a pair may be.
        Epsilon: double
    }

/// Positive pairs that are less similar than the anchor's most similar negative, negative pairs that are more similar
/// than its least similar positive, within ε (Wang et al. 2019, "Multi-similarity loss with general pair weighting").
module MultiSimilarity =

    /// As documented.
    let defaults: MultiSimilarity = { Epsilon = 0.1 }

    /// The default similarity: the cosine.
    let distance () : Distance = CosineSimilarity()

    /// The pairs. Anchors that lack either kind have none.
    let mine (options: MultiSimilarity) (distance: Distance) (input: MetricInput) : Tuples =
        let matches, differs = input.Matches(), input.Differs()
        // As a similarity: larger is nearer.
        let similarity =
            let matrix = distance.Matrix(input.Embeddings, input.References)
            if distance.IsInverted then matrix else matrix.neg ()

        let fill (mask: torch.Tensor) (value: double) =
            similarity.masked_fill (mask.logical_not (), Numeric.scalar value)

        // Where an anchor lacks one kind, none of the other is beyond the extreme it is filled with.
        let nearestNegative =
            (fill differs (Numeric.lowest similarity.dtype)).amax([| 1L |], true)

        let farthestPositive =
            (fill matches (Numeric.highest similarity.dtype)).amin([| 1L |], true)

        let positives =
            (similarity - options.Epsilon).lt(nearestNegative).logical_and matches

        let negatives =
            (similarity + options.Epsilon).gt(farthestPositive).logical_and differs

        let struct (a1, p) = Tuples.places positives
        let struct (a2, n) = Tuples.places negatives
        Tuples.Pairs(a1, p, a2, n)

    /// The miner.
    let miner (options: MultiSimilarity) : Miner =
        let cosine = distance ()

        { new Miner(null, cosine, Nullable(), [||]) with
            override this.MineTuples input = mine options this.Distance input
        }
