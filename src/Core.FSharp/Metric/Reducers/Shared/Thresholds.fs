namespace MetricLearning

open System
open TorchSharp

/// The mean of the values strictly between two bounds, for reducers that leave values out.
module internal Thresholds =

    /// `num_below_high` is announced but never counted, as in the reference.
    let statistics = [| "num_past_filter"; "num_above_low"; "num_below_high" |]

    /// The mean of the values between the bounds (null: no bound), whose counts go to `record`; 0 if there is none.
    let mean
        (low: Nullable<double>)
        (high: Nullable<double>)
        (record: Statistics)
        (elements: LossElements)
        : torch.Tensor =
        let within = elements.Between(low, high)
        record.Record("num_past_filter", fun () -> within.Count())

        if low.HasValue then
            record.Record("num_above_low", fun () -> elements.Between(low, Nullable()).Count())

        within.Mean()
