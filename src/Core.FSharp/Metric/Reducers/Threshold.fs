namespace MetricLearning.Core.Reducers

open MetricLearning
open System
open MetricLearning.Core

/// Bounds that a value must lie strictly between; at least one.
[<RequireQualifiedAccess>]
type Threshold =
    {
        /// What values must lie above; null for no bound.
        Low: Nullable<double>
        /// What values must lie below; null for no bound.
        High: Nullable<double>
        /// Whether to collect statistics; null as the global switch says.
        CollectStats: Nullable<bool>
    }

/// The mean of the values strictly between two bounds; a zero loss where there is none.
module Threshold =

    /// The names of its statistics. `num_below_high` is advertised but never counted, as in the reference.
    let statistics = [| "num_past_filter"; "num_above_low"; "num_below_high" |]

    /// The mean of those between the bounds; `record` takes their counts.
    let reduce (low: Nullable<double>) (high: Nullable<double>) (record: Statistics) (elements: LossElements) =
        let within = elements.Between(low, high)
        record.Record("num_past_filter", fun () -> within.Count())

        if low.HasValue then
            record.Record("num_above_low", fun () -> elements.Between(low, Nullable()).Count())

        within.Mean()

    /// An error unless there is a bound.
    let check (low: Nullable<double>) (high: Nullable<double>) =
        if not low.HasValue && not high.HasValue then
            invalidArg (nameof low) "A threshold needs at least one bound: give low, high, or both."

    /// No bound yet.
    let none: Threshold =
        {
            Low = Nullable()
            High = Nullable()
            CollectStats = Nullable()
        }

    /// The reducer.
    let reducer (options: Threshold) : Reducer =
        check options.Low options.High

        { new Reducer(options.CollectStats, statistics) with
            override this.ReduceElements(elements, _, _) =
                reduce options.Low options.High this.Statistics elements
        }

/// The mean of the values above 0.
module AvgNonZero =

    /// The bound.
    let low = Nullable 0.0

    /// The mean of those above 0; a zero loss where there is none.
    let reduce (record: Statistics) (elements: LossElements) =
        Threshold.reduce low (Nullable()) record elements

    /// The reducer.
    let reducer () : Reducer =
        { new Reducer(Nullable(), Threshold.statistics) with
            override this.ReduceElements(elements, _, _) = reduce this.Statistics elements
        }
