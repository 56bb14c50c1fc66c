namespace MetricLearning

/// The sum of all values divided by the loss's own divisor, in at least 32 bits; 0 if the divisor is 0.
[<Sealed>]
type DivisorReducer() =
    inherit Reducer("DivisorReducer", "divisor")

    override _.IsSumOverCount = true

    override this.ReduceElements(elements, _, _) =
        match elements.Divisor with
        | null ->
            invalidOp
                $"{elements.Name} has no divisor of its own: take another reducer, or a loss that has one (MarginLoss, ProxyAnchorLoss)."
        | divisor ->
            this.Statistics.Record("divisor", fun () -> divisor)
            let none = divisor.eq (Numeric.scalar 0.0)
            // Multiplied, so that NaN stays NaN: masked, it would pass for a loss of 0.
            elements.Sum() / divisor.masked_fill (none, Numeric.scalar 1.0)
            * none.logical_not ()
