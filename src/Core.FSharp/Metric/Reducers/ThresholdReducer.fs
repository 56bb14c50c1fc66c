namespace MetricLearning

open System
open System.Runtime.InteropServices

/// The mean of the values strictly between two bounds, at least one of which is given; 0 if there is none.
[<Sealed>]
type ThresholdReducer
    /// <param name="low">Values up to this bound are left out; null: no bound.</param>
    /// <param name="high">Values from this bound on are left out; null: no bound.</param>
    ([<Optional>] low: Nullable<double>, [<Optional>] high: Nullable<double>) =
    inherit Reducer("ThresholdReducer", Thresholds.statistics)

    do
        if not low.HasValue && not high.HasValue then
            invalidArg (nameof low) "A threshold needs at least one bound: give low, high, or both."

    override _.IsSumOverCount = true

    override this.ReduceElements(elements, _, _) =
        Thresholds.mean low high this.Statistics elements
