namespace MetricLearning.Core.Miners

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Options of the hard-aware cascade's miner.
[<RequireQualifiedAccess>]
type HDC =
    {
        /// Which part of the pairs of each kind to keep, 0 to 1.
        FilterPercentage: double
    }

/// The hardest part of the positive and of the negative pairs (Yuan et al. 2017, "Hard-aware deeply cascaded
/// embedding").
module HDC =

    /// As documented: half.
    let defaults: HDC = { FilterPercentage = 0.5 }

    /// The default distance: Euclidean on normalised embeddings.
    let distance () : Distance = LpDistance()

    /// The options, if they make sense.
    let check (options: HDC) : HDC =
        if not (options.FilterPercentage >= 0.0 && options.FilterPercentage <= 1.0) then
            invalidArg
                (nameof options.FilterPercentage)
                $"The part of pairs to keep is a number from 0 to 1; it is {options.FilterPercentage}."

        options

    /// Of the pool's pairs (`input.Tuples`; of triplets, both pairs), the hardest ⌈percentage · n⌉ of each kind, hardest
    /// first; of pairs that are equally hard any.
    let filter (percentage: double) (distance: Distance) (input: MetricInput) : Tuples =
        let struct (a1, p, a2, n) = input.Pairs()
        let matrix = distance.Matrix(input.Embeddings, input.References)

        let hardest (largestFirst: bool) (anchors: torch.Tensor) (others: torch.Tensor) =
            let count = int (ceil (percentage * double (anchors.size 0)))

            let struct (_, kept) =
                matrix.index(anchors, others).topk(count, 0, largestFirst, true)

            struct (anchors.index_select (0L, kept), others.index_select (0L, kept))

        // Positives are hard where they are far apart, negatives where they are near.
        let struct (a1, p) = hardest (not distance.IsInverted) a1 p
        let struct (a2, n) = hardest distance.IsInverted a2 n
        Tuples.Pairs(a1, p, a2, n)

    /// The miner.
    let miner (options: HDC) : PoolMiner =
        let euclidean = distance ()
        let { HDC.FilterPercentage = percentage } = check options

        { new PoolMiner(null, euclidean, Nullable(), [||]) with
            override this.MineTuples input = filter percentage this.Distance input
        }
