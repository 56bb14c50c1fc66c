namespace MetricLearning

open System
open TorchSharp

/// log Σ exp along a dimension, over the entries that a mask has.
module LogSumExp =

    /// log Σ exp; where the mask has nothing, the lowest finite number.
    let masked (dim: int64) (mask: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(mask, nameof mask)
        ArgumentNullException.ThrowIfNull(values, nameof values)
        // The exponential of a finite number as low is much slower on a CPU. Of a row that is all infinite the gradient is
        // not a number, which does not get past the filling.
        values
            .masked_fill(mask.logical_not (), Numeric.scalar Double.NegativeInfinity)
            .logsumexp(dim)
            .clamp_min(Numeric.scalar (Numeric.lowest values.dtype))

    /// log Σ exp; 0 where the mask has nothing.
    let orZero (dim: int64) (mask: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        let found = masked dim mask values
        // A look at the results passes over much less memory than one at the mask.
        found.masked_fill (found.lt (Numeric.scalar (Numeric.lowest values.dtype / 2.0)), Numeric.scalar 0.0)

    /// log(1 + eˣ), exact where softplus switches to x.
    let plusOne (values: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(values, nameof values)
        values.neg().log_sigmoid().neg()

    /// log(1 + Σ exp); 0 where the mask has nothing.
    let withOne (dim: int64) (mask: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        plusOne (masked dim mask values)
