namespace MetricLearning

open TorchSharp

/// Arithmetic that writes into its last argument.
module internal InPlace =

    /// target ← factor · target
    let scale (factor: float) (target: torch.Tensor) : unit =
        target.mul_ (Numeric.scalar factor) |> ignore

    /// target ← target + constant
    let addConstant (constant: float) (target: torch.Tensor) : unit =
        target.add_ (Numeric.scalar constant, Numeric.whole 1L) |> ignore

    /// target ← target + factor · term
    let add (factor: float) (term: torch.Tensor) (target: torch.Tensor) : unit =
        target.add_ (term, Numeric.scalar factor) |> ignore

    /// target ← target + factor · left · right
    let addProduct (factor: float) (left: torch.Tensor) (right: torch.Tensor) (target: torch.Tensor) : unit =
        target.addcmul_ (left, right, Numeric.scalar factor) |> ignore

    /// target ← target + factor · above / below
    let addQuotient (factor: float) (above: torch.Tensor) (below: torch.Tensor) (target: torch.Tensor) : unit =
        target.addcdiv_ (above, below, Numeric.scalar factor) |> ignore

    /// target ← max(target, other)
    let atLeast (other: torch.Tensor) (target: torch.Tensor) : unit = target.clamp_ (min = other) |> ignore
