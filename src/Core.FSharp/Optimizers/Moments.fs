namespace MetricLearning

open TorchSharp

/// Running means of the gradient and of its square, which Adam and its relatives share.
module internal Moments =

    /// Both means, in this order.
    let slots: SlotSpec[] = [| Rule.zero "exp_avg"; Rule.zero "exp_avg_sq" |]

    /// mean ← beta · mean + (1 − beta) · value
    let first (beta: float) (value: torch.Tensor) (mean: torch.Tensor) : unit =
        InPlace.scale beta mean
        InPlace.add (1.0 - beta) value mean

    /// mean ← beta · mean + (1 − beta) · value²
    let second (beta: float) (value: torch.Tensor) (mean: torch.Tensor) : unit =
        InPlace.scale beta mean
        InPlace.addProduct (1.0 - beta) value value mean

    /// weights ← weights · (1 − rate · decay)
    let decay (rate: float) (decay: float) (weights: torch.Tensor) : unit =
        if decay <> 0.0 then
            InPlace.scale (1.0 - rate * decay) weights

    /// Bias correction of a running mean that started at zero, after `count` steps: 1 − beta^count.
    let correction (beta: float) (count: int64) : float =
        1.0 - System.Math.Pow(beta, float count)

    /// √(square) + eps as a new tensor, which the caller disposes.
    let root (eps: float) (square: torch.Tensor) : torch.Tensor =
        let root = square.sqrt ()
        InPlace.addConstant eps root
        root
