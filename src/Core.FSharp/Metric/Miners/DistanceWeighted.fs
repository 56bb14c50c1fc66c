namespace MetricLearning.Core.Miners

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Options of the distance weighted miner.
[<RequireQualifiedAccess>]
type DistanceWeighted =
    {
        /// Nearer negatives count as if they were this far away.
        Cutoff: double
        /// Negatives at least this far away are never chosen.
        NonzeroLossCutoff: double
    }

/// Random triplets whose negatives are spread evenly over distances: each is drawn in inverse proportion to how many
/// points of a sphere lie at its distance (Wu et al. 2017, "Sampling matters in deep embedding learning").
module DistanceWeighted =

    /// As documented.
    let defaults: DistanceWeighted =
        {
            Cutoff = 0.5
            NonzeroLossCutoff = 1.4
        }

    /// The default distance, and the only one: Euclidean on normalised embeddings.
    let distance () : Distance = LpDistance()

    /// The distance, if the formula is made for it.
    let check (distance: Distance | null) : Distance | null =
        match distance with
        | null -> null
        | given ->
            DistanceChecks.euclidean "DistanceWeightedMiner" given
            given

    /// How likely each negative is (N × Nr), relative to the likeliest of its row; 0 for what is no negative or too far
    /// away. `size`: how wide embeddings are. On the unit sphere the density of a distance d is proportional to
    /// d^(size − 2) (1 − d²/4)^((size − 3)/2).
    let weights
        (options: DistanceWeighted)
        (size: int64)
        (matrix: torch.Tensor)
        (negatives: torch.Tensor)
        : torch.Tensor =
        let matrix = Numeric.atLeast32 matrix
        let clamped = matrix.clamp_min (Numeric.scalar options.Cutoff)
        let size = double size

        let logWeights =
            clamped.log () * (2.0 - size)
            - (1.0 - clamped.square () / 4.0).log() * ((size - 3.0) / 2.0)

        let possible =
            negatives
                .logical_and(logWeights.isfinite ())
                .logical_and(matrix.lt (Numeric.scalar options.NonzeroLossCutoff))

        // The exponential of −∞ is 0, and much faster on a CPU than that of the lowest number.
        let filled =
            logWeights.masked_fill (possible.logical_not (), Numeric.scalar Double.NegativeInfinity)

        let highest =
            filled.amax([| 1L |], true).clamp_min(Numeric.scalar (Numeric.lowest logWeights.dtype))

        (filled - highest).exp()

    /// The triplets: of every anchor as many as its class has members, in ascending order of anchors. The choices are a
    /// function of the input's seed.
    let mine (options: DistanceWeighted) (distance: Distance) (input: MetricInput) : Tuples =
        let matches = input.Matches()
        let matrix = distance.Matrix(input.Embeddings, input.References)
        let weights = weights options (input.Embeddings.size 1) matrix (input.Differs())
        let valid = (matches.any 1L).logical_and(weights.gt(Numeric.scalar 0.0).any(1L))
        let anchors = valid.nonzero().squeeze 1L

        if anchors.size 0 = 0L then
            Tuples.Triplets(anchors, anchors.clone (), anchors.clone ())
        else
            let matches = matches.index_select (0L, anchors)
            // An anchor that is not its own positive is a member all the same.
            let members =
                match input.RefLabels with
                | null -> matches.sum 1L + 1L
                | _ -> matches.sum 1L

            let most = members.max().item<int64>()
            use generator = TorchSeed.generator matrix.device input.Seed

            let positives = matches.to_type(weights.dtype).multinomial(most, true, generator)

            let negatives = weights.index_select(0L, anchors).multinomial(most, true, generator)

            let taken =
                torch.arange(most, device = matrix.device).unsqueeze(0L).lt(members.unsqueeze 1L)

            Tuples.Triplets(
                anchors.unsqueeze(1L).expand_as(taken).masked_select taken,
                positives.masked_select taken,
                negatives.masked_select taken
            )

    /// The miner.
    let miner (options: DistanceWeighted) : Miner =
        let euclidean = distance ()

        { new Miner(null, euclidean, Nullable(), [||]) with
            override this.MineTuples input = mine options this.Distance input
        }
