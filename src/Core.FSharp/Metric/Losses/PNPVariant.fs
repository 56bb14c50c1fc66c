namespace MetricLearning

/// The growth of the penalty of the PNP loss with the number r of negatives before a positive.
type PNPVariant =
    /// log(1 + r).
    | Ds = 0
    /// 1 − (1 + r)^−α.
    | Dq = 1
    /// (1 + r) log(1 + r).
    | Iu = 2
    /// (b r − log(1 + b r)) / b².
    | Ib = 3
    /// r.
    | O = 4
