namespace MetricLearning.Benchmarks

open System
open TorchSharp

/// The formulas of losses as one would write them for one batch: matrix, masks, a mean. Embeddings (N × D), labels (N), of
/// class losses also the class vectors. Every sample has others of its class and of other classes.
module DirectLosses =

    let private scalar (value: float) : Scalar = value.ToScalar()

    /// The embeddings scaled to length 1.
    let normal (embeddings: torch.Tensor) : torch.Tensor =
        torch.nn.functional.normalize (embeddings, 2.0, 1L)

    /// The cosines of all pairs.
    let cosines (embeddings: torch.Tensor) : torch.Tensor =
        let unit = normal embeddings
        unit.mm (unit.t ())

    /// The distances of all pairs on the unit sphere.
    let distances (embeddings: torch.Tensor) : torch.Tensor =
        let unit = normal embeddings
        torch.cdist (unit, unit)

    /// Where labels agree but samples differ, and where labels differ.
    let masks (labels: torch.Tensor) : struct (torch.Tensor * torch.Tensor) =
        let same = labels.unsqueeze(1L).eq(labels.unsqueeze 0L)
        let self = torch.eye (labels.size 0, dtype = torch.bool)
        struct (same.logical_and (self.logical_not ()), same.logical_not ())

    let private logSumExp (mask: torch.Tensor) (values: torch.Tensor) =
        values.masked_fill(mask.logical_not (), scalar Double.NegativeInfinity).logsumexp(1L, true)

    let private meanOfPositive (values: torch.Tensor) =
        values.sum () / values.gt(scalar 0.0).sum().clamp_min(scalar 1.0)

    /// Positive pairs with the row of their anchor: distances to the positive (P × 1), to all (P × N), which are negative.
    let private triplets (embeddings: torch.Tensor) (labels: torch.Tensor) =
        let distances = distances embeddings
        let struct (positives, negatives) = masks labels
        let pairs = positives.nonzero ()
        let anchors, others = pairs.select (1L, 0L), pairs.select (1L, 1L)
        let rows = distances.index_select (0L, anchors)
        rows.gather (1L, others.unsqueeze 1L), rows, negatives.index_select (0L, anchors)

    /// TripletMargin.
    let tripletMargin embeddings labels =
        let toPositive, toAll, negatives = triplets embeddings labels
        meanOfPositive ((toPositive - toAll + 0.05).relu() * negatives)

    /// Margin.
    let margin embeddings labels =
        let toPositive, toAll, negatives = triplets embeddings labels
        let tooFar = (toPositive - 1.2 + 0.2).relu() * negatives
        let tooNear = (1.2 - toAll + 0.2).relu() * negatives

        (tooFar + tooNear).sum()
        / (tooFar.gt(scalar 0.0).sum() + tooNear.gt(scalar 0.0).sum())

    /// Contrastive.
    let contrastive embeddings labels =
        let distances = distances embeddings
        let struct (positives, negatives) = masks labels

        meanOfPositive (distances * positives)
        + meanOfPositive ((1.0 - distances).relu() * negatives)

    /// NTXent.
    let ntXent embeddings labels =
        let logits = cosines embeddings / 0.07
        let struct (positives, negatives) = masks labels
        let all = logits.logaddexp (logSumExp negatives logits)
        ((all - logits) * positives).sum() / positives.sum ()

    /// SupCon.
    let supCon embeddings labels =
        let logits = cosines embeddings / 0.1
        let struct (positives, negatives) = masks labels
        let all = (logSumExp (positives.logical_or negatives) logits).squeeze 1L
        meanOfPositive (all - (logits * positives).sum 1L / positives.sum 1L)

    /// MultiSimilarity.
    let multiSimilarity embeddings labels =
        let excess = cosines embeddings - 0.5
        let struct (positives, negatives) = masks labels
        let positive = logSumExp positives (excess * -2.0)
        let negative = logSumExp negatives (excess * 50.0)

        (torch.nn.functional.softplus positive / 2.0
         + torch.nn.functional.softplus negative / 50.0)
            .mean()

    /// Circle.
    let circle embeddings labels =
        let cosines = cosines embeddings
        let known = cosines.detach ()
        let struct (positives, negatives) = masks labels
        let positive = (1.4 - known).relu() * (cosines - 0.6) * -80.0
        let negative = (known + 0.4).relu() * (cosines - 0.4) * 80.0

        meanOfPositive (torch.nn.functional.softplus (logSumExp positives positive + logSumExp negatives negative))

    // Cosines to class vectors, which are columns.
    let private toColumns (embeddings: torch.Tensor) (vectors: torch.Tensor) =
        (normal embeddings).mm(torch.nn.functional.normalize (vectors, 2.0, 0L))

    let private toRows (embeddings: torch.Tensor) (vectors: torch.Tensor) =
        (normal embeddings).mm((normal vectors).t())

    let private own (labels: torch.Tensor) (classes: int64) =
        torch.nn.functional.one_hot(labels, classes).``bool``()

    /// ArcFace.
    let arcFace (vectors: torch.Tensor) embeddings labels =
        let cosines = toColumns embeddings vectors
        let shift = 28.6 * Math.PI / 180.0
        let angles = cosines.clamp(scalar -0.999999, scalar 0.999999).acos()

        let turned =
            torch.where (angles.le (scalar (Math.PI - shift)), (angles + shift).cos(), cosines - shift * sin shift)

        let logits = torch.where (own labels (vectors.size 1), turned, cosines) * 64.0
        torch.nn.functional.cross_entropy (logits, labels)

    /// CosFace.
    let cosFace (vectors: torch.Tensor) embeddings labels =
        let cosines = toColumns embeddings vectors
        let logits = (cosines - own labels (vectors.size 1) * 0.35) * 64.0
        torch.nn.functional.cross_entropy (logits, labels)

    /// NormalizedSoftmax.
    let normalizedSoftmax (vectors: torch.Tensor) embeddings labels =
        torch.nn.functional.cross_entropy (toColumns embeddings vectors / 0.05, labels)

    /// ProxyNCA.
    let proxyNCA (proxies: torch.Tensor) embeddings labels =
        let squares = torch.cdist(normal embeddings, normal proxies).square()
        torch.nn.functional.cross_entropy (squares.neg (), labels)

    /// ProxyAnchor.
    let proxyAnchor (proxies: torch.Tensor) embeddings labels =
        let cosines = toRows embeddings proxies
        let own = own labels (proxies.size 0)

        let ofClass (mask: torch.Tensor) (values: torch.Tensor) =
            torch.nn.functional.softplus((logSumExp (mask.t ()) (values.t ())).squeeze 1L).sum()

        ofClass own ((0.1 - cosines) * 32.0) / own.any(0L).sum()
        + ofClass (own.logical_not ()) ((cosines + 0.1) * 32.0) / float (proxies.size 0)
