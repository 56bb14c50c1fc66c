namespace MetricLearning.Core

open TorchSharp

/// log Σ exp along a dimension, over the entries that a mask has.
module LogSumExp =

    /// log Σ exp; where the mask has nothing, about the lowest finite number.
    let masked (dim: int64) (mask: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        values.masked_fill(mask.logical_not (), Numeric.scalar (Numeric.lowest values.dtype)).logsumexp dim

    /// log Σ exp; 0 where the mask has nothing.
    let orZero (dim: int64) (mask: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        (masked dim mask values).masked_fill(mask.any(dim).logical_not(), Numeric.scalar 0.0)

    /// log(1 + eˣ), exact where softplus switches to x.
    let plusOne (values: torch.Tensor) : torch.Tensor = values.neg().log_sigmoid().neg()

    /// log(1 + Σ exp); 0 where the mask has nothing.
    let withOne (dim: int64) (mask: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        plusOne (masked dim mask values)
