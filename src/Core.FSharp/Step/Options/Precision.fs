namespace MetricLearning

/// The numbers that networks compute with. Weights, optimizers, losses and miners stay as they are: what a layer of a network
/// multiplies is rounded for the time of its forward and backward pass (libtorch's autocast), and embeddings come out in float32.
type Precision =
    /// The types of the networks' own weights.
    | Float32 = 0
    /// 16 bits with the range of float32 and two to three digits.
    | BFloat16 = 1
    /// 16 bits with three to four digits that end at 65,504; training scales the loss, so that small gradients are not lost.
    | Float16 = 2
