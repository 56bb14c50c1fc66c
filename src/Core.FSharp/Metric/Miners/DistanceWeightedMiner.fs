namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// Random triplets whose negatives are spread evenly over distances: each is drawn in inverse proportion to the density
/// d^(D − 2) (1 − d²/4)^((D − 3)/2) of its distance d on the unit sphere (Wu et al. 2017, "Sampling matters in deep
/// embedding learning"). Every anchor has as many triplets as its class has members. The distance must be LpDistance as it
/// is by default. The choices are a function of the input's seed.
[<Sealed>]
type DistanceWeightedMiner
    /// <param name="cutoff">Nearer negatives count as if they were this far away.</param>
    /// <param name="nonzeroLossCutoff">Negatives at least this far away are never chosen.</param>
    (
        [<Optional; DefaultParameterValue(0.5)>] cutoff: double,
        [<Optional; DefaultParameterValue(1.4)>] nonzeroLossCutoff: double
    ) =
    inherit Miner("DistanceWeightedMiner")

    override this.CheckDistance distance =
        DistanceChecks.euclidean this.Name distance

    /// The chance of each negative (N × Nr) relative to the likeliest of its row; 0 for what is no negative or too far away.
    /// `size`: the width of the embeddings.
    member internal _.Weights(size: int64, matrix: torch.Tensor, negatives: torch.Tensor) : torch.Tensor =
        let matrix = Numeric.atLeast32 matrix
        let clamped = matrix.clamp_min (Numeric.scalar cutoff)
        let size = double size

        let logWeights =
            clamped.log () .* (2.0 - size)
            - (1.0 -. clamped.squared () ./ 4.0).log() .* ((size - 3.0) / 2.0)

        let possible =
            negatives.logical_and(logWeights.isfinite ()).logical_and(matrix.lt (Numeric.scalar nonzeroLossCutoff))

        // The exponential of −∞ is 0, and much faster on a CPU than that of the lowest number.
        let filled =
            logWeights.masked_fill (possible.logical_not (), Numeric.scalar Double.NegativeInfinity)

        let highest =
            filled.amax([| 1L |], true).clamp_min(Numeric.scalar (Numeric.lowest logWeights.dtype))

        (filled - highest).exp()

    override this.MineTuples input =
        let matches = input.Matches()
        let matrix = this.Distance.Matrix(input.Embeddings, input.References)
        let weights = this.Weights(input.Embeddings.size 1, matrix, input.Differs())
        let valid = (matches.any 1L).logical_and(weights.gt(Numeric.scalar 0.0).any(1L))
        let anchors = valid.nonzero().squeeze 1L

        if anchors.size 0 = 0L then
            Tuples.Triplets(anchors, anchors.clone (), anchors.clone ())
        else
            let matches = matches.index_select (0L, anchors)
            // An anchor that is not its own positive is a member all the same.
            let members =
                match input.RefLabels with
                | NonNull _ when not input.IsRemembered -> matches.sum 1L
                | _ -> matches.sum(1L).plus 1L

            let most = members.max().item<int64>()
            use generator = TorchSeed.generator input.Seed

            let draw (weights: torch.Tensor) =
                weights.cpu().multinomial(most, true, generator).``to`` matrix.device

            let positives = draw (matches.to_type weights.dtype)
            let negatives = draw (weights.index_select (0L, anchors))

            let taken = (Numeric.upTo most matrix.device).unsqueeze(0L).lt(members.unsqueeze 1L)

            Tuples.Triplets(
                anchors.unsqueeze(1L).expand_as(taken).masked_select taken,
                positives.masked_select taken,
                negatives.masked_select taken
            )
