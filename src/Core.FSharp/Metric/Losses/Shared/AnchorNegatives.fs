namespace MetricLearning

open MetricLearning.Core
open TorchSharp

/// For losses that set each positive pair against all negatives of its anchor.
module AnchorNegatives =

    /// log Σ exp over each anchor's negatives: (N); about the lowest finite number for an anchor without any. `values`:
    /// one for each pair (N × Nr). A negative pair that tuples name twice counts twice.
    let logSumExp (input: MetricInput) (values: torch.Tensor) : torch.Tensor =
        match input.Tuples with
        | Tuples.All -> LogSumExp.masked 1L (input.Differs()) values
        | _ ->
            let struct (_, _, a2, n) = input.Pairs()
            let once = torch.ones (a2.size 0, dtype = values.dtype, device = values.device)
            let counts = torch.zeros_like(values).index_put_(once, [| a2; n |], true)
            LogSumExp.masked 1L (counts.gt (Numeric.scalar 0.0)) (values + counts.clamp_min(Numeric.scalar 1.0).log())
