namespace MetricLearning

/// The triplets that TripletMarginMiner keeps, by t = d(a,n) − d(a,p) and its margin m.
type TypeOfTriplets =
    /// t ≤ m.
    | All = 0
    /// t ≤ 0: the negative is nearer than the positive.
    | Hard = 1
    /// 0 &lt; t ≤ m.
    | Semihard = 2
    /// t > m.
    | Easy = 3
