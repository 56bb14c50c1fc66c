namespace MetricLearning

/// For losses that are made of other losses.
module internal Wrapping =

    /// The error of a wrapper that is given a distance.
    let refuseDistance (wrapper: string) : unit =
        invalidArg "distance" $"{wrapper} compares nothing itself: set the distance where its loss is made."
