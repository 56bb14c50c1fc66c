namespace MetricLearning.Core.Reducers

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// The sum of all values, divided by what the loss says.
module Divisor =

    /// The names of its statistics.
    let statistics = [| "divisor" |]

    /// The quotient, in at least 32 bits; 0 where the divisor is 0.
    let reduce (record: Statistics) (elements: LossElements) : torch.Tensor =
        match elements.Divisor with
        | null ->
            invalidOp
                $"{elements.Name} has no divisor of its own: take another reducer, or a loss that has one (MarginLoss, ProxyAnchorLoss)."
        | divisor ->
            record.Record("divisor", fun () -> divisor)
            let none = divisor.eq (Numeric.scalar 0.0)
            // Multiplied, so that what is not a number stays none: masked, it would pass for a loss of 0.
            elements.Sum() / divisor.masked_fill (none, Numeric.scalar 1.0)
            * none.logical_not ()

    /// The reducer.
    let reducer () : Reducer =
        { new Reducer(Nullable(), statistics) with
            override this.ReduceElements(elements, _, _) = reduce this.Statistics elements
        }
