namespace MetricLearning.Benchmarks

open System
open TorchSharp

/// What miners look for, as one would write it for one batch. Embeddings (N × D), labels (N). Every sample has others of its
/// class and of other classes.
module DirectMiners =

    let private scalar (value: float) : Scalar = value.ToScalar()

    let private places (mask: torch.Tensor) =
        let found = mask.nonzero ()
        found.select (1L, 0L), found.select (1L, 1L)

    let private pairs (positives: torch.Tensor) (negatives: torch.Tensor) =
        let a1, p = places positives
        let a2, n = places negatives
        [ a1; p; a2; n ]

    let private filled (value: float) (mask: torch.Tensor) (values: torch.Tensor) =
        values.masked_fill (mask.logical_not (), scalar value)

    let private far, near = Double.NegativeInfinity, Double.PositiveInfinity

    /// MultiSimilarity.
    let multiSimilarity embeddings labels =
        let cosines = DirectLosses.cosines embeddings
        let struct (positives, negatives) = DirectLosses.masks labels
        let farthest = (filled near positives cosines).amin([| 1L |], true)
        let nearest = (filled far negatives cosines).amax([| 1L |], true)

        pairs (positives.logical_and ((cosines - 0.1).lt nearest)) (negatives.logical_and ((cosines + 0.1).gt farthest))

    /// PairMargin.
    let pairMargin embeddings labels =
        let distances = DirectLosses.distances embeddings
        let struct (positives, negatives) = DirectLosses.masks labels

        pairs (positives.logical_and (distances.gt (scalar 0.2))) (negatives.logical_and (distances.lt (scalar 0.8)))

    // Of positive pairs and the row of their anchor.
    let private triplets (chosen: torch.Tensor) (anchors: torch.Tensor) (positives: torch.Tensor) =
        let pair, n = places chosen
        [ anchors.index_select (0L, pair); positives.index_select (0L, pair); n ]

    /// TripletMargin.
    let tripletMargin embeddings labels =
        let distances = DirectLosses.distances embeddings
        let struct (positives, negatives) = DirectLosses.masks labels
        let a, p = places positives
        let rows = distances.index_select (0L, a)
        let beyond = rows - rows.gather (1L, p.unsqueeze 1L)
        triplets (beyond.le(scalar 0.2).logical_and(negatives.index_select (0L, a))) a p

    /// Angular.
    let angular (embeddings: torch.Tensor) (labels: torch.Tensor) =
        let struct (positives, negatives) = DirectLosses.masks labels
        let a, p = places positives

        let anchors, others =
            embeddings.index_select (0L, a), embeddings.index_select (0L, p)

        let across = torch.nn.functional.pairwise_distance(anchors, others).unsqueeze 1L
        let depth = torch.cdist ((anchors + others) / 2.0, embeddings)
        let angles = (across / (depth * 2.0)).atan().rad2deg()
        triplets (angles.gt(scalar 20.0).logical_and(negatives.index_select (0L, a))) a p

    /// BatchHard.
    let batchHard embeddings (labels: torch.Tensor) =
        let distances = DirectLosses.distances embeddings
        let struct (positives, negatives) = DirectLosses.masks labels
        let struct (_, p) = (filled far positives distances).max 1L
        let struct (_, n) = (filled near negatives distances).min 1L
        let both = (positives.any 1L).logical_and(negatives.any 1L)

        [
            torch.arange(labels.size 0).masked_select both
            p.masked_select both
            n.masked_select both
        ]

    /// BatchEasyHard: the nearest positive, the nearest negative beyond it.
    let batchEasyHard embeddings (labels: torch.Tensor) =
        let distances = DirectLosses.distances embeddings
        let struct (positives, negatives) = DirectLosses.masks labels
        let struct (toPositive, p) = (filled near positives distances).min 1L
        let beyond = negatives.logical_and (distances.gt (toPositive.unsqueeze 1L))
        let struct (_, n) = (filled near beyond distances).min 1L
        let both = (positives.any 1L).logical_and(beyond.any 1L)
        let a = torch.arange(labels.size 0).masked_select both
        [ a; p.masked_select both; a; n.masked_select both ]

    /// HDC.
    let hdc embeddings labels =
        let distances = DirectLosses.distances embeddings
        let struct (positives, negatives) = DirectLosses.masks labels

        let hardest (largest: bool) (mask: torch.Tensor) =
            let a, b = places mask

            let struct (_, kept) =
                (distances.index (a, b)).topk(int (a.size 0 + 1L) / 2, 0, largest, true)

            [ a.index_select (0L, kept); b.index_select (0L, kept) ]

        hardest true positives @ hardest false negatives

    /// DistanceWeighted: 16 triplets an anchor.
    let distanceWeighted (embeddings: torch.Tensor) (labels: torch.Tensor) =
        let distances = DirectLosses.distances embeddings
        let struct (positives, negatives) = DirectLosses.masks labels
        let size = float (embeddings.size 1)
        let known = distances.clamp_min (scalar 0.5)

        let logs =
            known.log () * (2.0 - size)
            - (1.0 - known.square () / 4.0).log() * ((size - 3.0) / 2.0)

        let possible = negatives.logical_and (distances.lt (scalar 1.4))
        let logs = filled far possible logs
        let weights = (logs - logs.amax ([| 1L |], true)).exp()
        let anchors = torch.arange(labels.size 0).masked_select(possible.any 1L)
        let each = 16L

        [
            anchors.repeat_interleave each
            positives.index_select(0L, anchors).``float``().multinomial(each, true).flatten()
            weights.index_select(0L, anchors).multinomial(each, true).flatten()
        ]

    /// UniformHistogram: bin by bin.
    let uniformHistogram embeddings labels =
        let distances = DirectLosses.distances embeddings
        let struct (positives, negatives) = DirectLosses.masks labels

        let chosen (mask: torch.Tensor) =
            let a, b = places mask
            let values = distances.index (a, b)
            let low, high = values.min (), values.max ()

            let bins =
                ((values - low) / (high - low) * 100.0).to_type(torch.int64).clamp_max(scalar 99.0)

            let kept =
                [|
                    for bin in 0.0 .. 99.0 do
                        let within = bins.eq(scalar bin).nonzero().squeeze 1L

                        if within.size 0 > 0L then
                            within.index_select (0L, torch.randint (within.size 0, [| 10L |]))
                |]

            let kept = torch.cat (kept, 0L)
            [ a.index_select (0L, kept); b.index_select (0L, kept) ]

        chosen positives @ chosen negatives
