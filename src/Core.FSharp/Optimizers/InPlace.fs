namespace MetricLearning

open TorchSharp

/// Arithmetic that writes into its last argument. Every native scalar is freed at once: these run at every step, and
/// TorchSharp leaves the scalars of its implicit conversions to the finalizer.
module internal InPlace =

    /// target ← factor · target
    let scale (factor: float) (target: torch.Tensor) : unit =
        use factor = factor.ToScalar()
        target.mul_ factor |> ignore

    /// target ← target + constant
    let addConstant (constant: float) (target: torch.Tensor) : unit =
        use constant = constant.ToScalar()
        use one = 1.0.ToScalar()
        target.add_ (constant, one) |> ignore

    /// target ← target + factor · term
    let add (factor: float) (term: torch.Tensor) (target: torch.Tensor) : unit =
        use factor = factor.ToScalar()
        target.add_ (term, factor) |> ignore

    /// target ← target + factor · left · right
    let addProduct (factor: float) (left: torch.Tensor) (right: torch.Tensor) (target: torch.Tensor) : unit =
        use factor = factor.ToScalar()
        target.addcmul_ (left, right, factor) |> ignore

    /// target ← target + factor · above / below
    let addQuotient (factor: float) (above: torch.Tensor) (below: torch.Tensor) (target: torch.Tensor) : unit =
        use factor = factor.ToScalar()
        target.addcdiv_ (above, below, factor) |> ignore

    /// target ← max(target, other)
    let atLeast (other: torch.Tensor) (target: torch.Tensor) : unit = target.clamp_ (min = other) |> ignore
