namespace MetricLearning

open System
open TorchSharp

/// log Σ exp along a dimension, over the entries that a mask has.
module LogSumExp =

    /// log Σ exp; where the mask has nothing, negative infinity.
    let internal orNothing (dim: int64) (mask: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        // The exponential of a finite number as low is much slower on a CPU. Of a row that is all infinite the gradient is
        // not a number, which does not get past the filling.
        (Numeric.whereOr Double.NegativeInfinity mask values).logsumexp dim

    /// log Σ exp; where the mask has nothing, the lowest finite number.
    let masked (dim: int64) (mask: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(mask, nameof mask)
        ArgumentNullException.ThrowIfNull(values, nameof values)

        (orNothing dim mask values).clamp_min(Numeric.scalar (Numeric.lowest values.dtype))

    /// log Σ exp; 0 where the mask has nothing.
    let orZero (dim: int64) (mask: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        let found = masked dim mask values
        // A look at the results passes over much less memory than one at the mask.
        let isNothing = found.lt (Numeric.scalar (Numeric.lowest values.dtype / 2.0))
        torch.where (isNothing, Numeric.constant found 0.0, found)

    /// log(1 + eˣ), exact where softplus switches to x.
    let plusOne (values: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(values, nameof values)
        values.logaddexp (Numeric.constant values 0.0)

    /// log(1 + Σ exp); 0 where the mask has nothing.
    let withOne (dim: int64) (mask: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(mask, nameof mask)
        ArgumentNullException.ThrowIfNull(values, nameof values)
        let shape = values.shape
        shape[int dim] <- 1L
        // The logarithm of the softmax of one more entry, a zero: one pass forward and one back.
        let zeros = (Numeric.constant values 0.0).expand shape

        torch
            .cat([| Numeric.whereOr Double.NegativeInfinity mask values; zeros |], dim)
            .log_softmax(dim)
            .select(dim, -1L)
            .neg()
