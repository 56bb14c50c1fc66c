namespace MetricLearning

/// |Σ x| of every row: keeps the mean of a row's numbers near 0.
[<Sealed>]
type ZeroMeanRegularizer() =
    inherit Regularizer("ZeroMeanRegularizer")

    override _.ComputeLoss rows =
        ElementsOf.Rows("loss", (rows.sum 1L).abs())
