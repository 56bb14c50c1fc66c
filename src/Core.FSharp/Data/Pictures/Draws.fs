namespace MetricLearning

open MetricLearning.Core

/// Random numbers of a seed.
module internal Draws =

    /// The `index`-th number of the seed, uniform from 0 to below 1.
    let unit' (index: int) (seed: Seed) : float32 =
        float32 (Seed.bits (int64 index) seed >>> 40) / 16777216f

    /// The `index`-th number of the seed, uniform between the ends.
    let between (low: float32) (high: float32) (index: int) (seed: Seed) : float32 =
        low + (high - low) * unit' index seed

    /// As often above 1 as below it: the factor and its inverse are equally likely.
    let factor (low: float32) (high: float32) (index: int) (seed: Seed) : float32 =
        exp (between (log low) (log high) index seed)
