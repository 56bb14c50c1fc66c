namespace MetricLearning

open System

/// Shapes of tensors in messages.
module internal Shape =

    /// "[32 × 3]".
    let show (lengths: int64[]) : string =
        let lengths = String.Join(" × ", lengths)
        $"[{lengths}]"
