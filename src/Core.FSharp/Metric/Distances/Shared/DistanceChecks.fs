namespace MetricLearning

/// Errors of losses and miners whose formula is made for one distance.
module internal DistanceChecks =

    /// An error unless the distance is the cosine.
    let cosine (name: string) (distance: Distance) : unit =
        if distance.Kind <> DistanceKind.Cosine then
            invalidArg "Distance" $"{name} needs CosineSimilarity: leave the distance out."

    /// An error unless the distance is Euclidean on embeddings scaled to length 1, raised to any power.
    let euclideanToAPower (name: string) (distance: Distance) : unit =
        if
            distance.Kind <> DistanceKind.Lp
            || distance.P <> 2.0
            || not distance.NormalizeEmbeddings
        then
            invalidArg
                "Distance"
                $"{name} needs LpDistance with p = 2 on normalised embeddings: leave the distance out."

    /// An error unless the distance is Euclidean on embeddings scaled to length 1.
    let euclidean (name: string) (distance: Distance) : unit =
        euclideanToAPower name distance

        if distance.Power <> 1.0 then
            invalidArg
                "Distance"
                $"{name} needs LpDistance with power = 1, not {distance.Power}: leave the distance out."
