namespace MetricLearning.Core.Miners

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Options of the pair margin miner. The defaults fit distances.
[<RequireQualifiedAccess>]
type PairMargin =
    {
        /// Positive pairs farther apart than this are kept.
        PosMargin: double
        /// Negative pairs nearer than this are kept.
        NegMargin: double
        /// Whether to collect statistics; null as the global switch says.
        CollectStats: Nullable<bool>
    }

/// The pairs that violate a margin of their kind.
module PairMargin =

    /// As documented.
    let defaults: PairMargin =
        {
            PosMargin = 0.2
            NegMargin = 0.8
            CollectStats = Nullable()
        }

    /// The names of its statistics: means over all pairs of the kind; 0 where there is none.
    let statistics = [| "pos_pair_dist"; "neg_pair_dist" |]

    /// The default distance: Euclidean on normalised embeddings.
    let distance () : Distance = LpDistance()

    /// The pairs; statistics go to `record`.
    let mine (options: PairMargin) (record: Statistics) (distance: Distance) (input: MetricInput) : Tuples =
        let matches, differs = input.Matches(), input.Differs()
        let matrix = distance.Matrix(input.Embeddings, input.References)

        let posMargin, negMargin =
            Numeric.scalar options.PosMargin, Numeric.scalar options.NegMargin

        let positive, negative =
            if distance.IsInverted then
                matrix.lt posMargin, matrix.gt negMargin
            else
                matrix.gt posMargin, matrix.lt negMargin

        let mean (mask: torch.Tensor) =
            Numeric.sum (matrix * mask) / Numeric.atLeastOne (mask.sum ())

        record.Record("pos_pair_dist", fun () -> mean matches)
        record.Record("neg_pair_dist", fun () -> mean differs)
        let struct (a1, p) = Tuples.places (positive.logical_and matches)
        let struct (a2, n) = Tuples.places (negative.logical_and differs)
        Tuples.Pairs(a1, p, a2, n)

    /// The miner.
    let miner (options: PairMargin) : Miner =
        let euclidean = distance ()

        { new Miner(null, euclidean, options.CollectStats, statistics) with
            override this.MineTuples input =
                mine options this.Statistics this.Distance input
        }
