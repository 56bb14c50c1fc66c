namespace MetricLearning

open System

/// The mean of the values above 0; 0 if there is none.
[<Sealed>]
type AvgNonZeroReducer() =
    inherit Reducer("AvgNonZeroReducer", Thresholds.statistics)

    override _.IsSumOverCount = true

    override this.ReduceElements(elements, _, _) =
        Thresholds.mean (Nullable 0.0) (Nullable()) this.Statistics elements
