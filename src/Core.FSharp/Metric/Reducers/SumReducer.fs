namespace MetricLearning

/// The sum of all values.
[<Sealed>]
type SumReducer() =
    inherit Reducer("SumReducer")

    override _.IsSumOverCount = true

    override _.ReduceElements(elements, _, _) = elements.Sum()
