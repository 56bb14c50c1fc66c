namespace MetricLearning

open TorchSharp

/// A tensor in a file of weights.
[<NoComparison>]
type WeightEntry =
    {
        /// Its name there.
        Name: string
        /// The type of its elements.
        Dtype: torch.ScalarType
        /// Its shape; empty for a scalar.
        Shape: int64[]
    }
