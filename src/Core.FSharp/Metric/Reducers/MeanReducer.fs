namespace MetricLearning

/// The mean of all values; 0 if a loss found none.
[<Sealed>]
type MeanReducer() =
    inherit Reducer("MeanReducer")

    override _.IsSumOverCount = true

    override _.ReduceElements(elements, _, _) = elements.Mean()
