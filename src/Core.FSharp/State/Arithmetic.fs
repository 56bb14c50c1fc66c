namespace MetricLearning

open TorchSharp

/// Arithmetic of tensors and numbers for formulas, with a dot on the side of each tensor. TorchSharp's own `+`, and each
/// of its operators with a number, makes a `Scalar` that the garbage collector may free while libtorch reads it
/// (KeptScalars.fs).
[<AutoOpen>]
module internal Arithmetic =

    let (.+.) (left: torch.Tensor) (right: torch.Tensor) : torch.Tensor = left.add (right, Numeric.whole 1L)

    let (.+) (left: torch.Tensor) (right: float) : torch.Tensor =
        left.add (Numeric.scalar right, Numeric.whole 1L)

    let (+.) (left: float) (right: torch.Tensor) : torch.Tensor = right .+ left

    let (.-) (left: torch.Tensor) (right: float) : torch.Tensor = left.sub (Numeric.scalar right)

    let (-.) (left: float) (right: torch.Tensor) : torch.Tensor = right.negative () .+ left

    let (.*) (left: torch.Tensor) (right: float) : torch.Tensor = left.mul (Numeric.scalar right)

    let ( *. ) (left: float) (right: torch.Tensor) : torch.Tensor = right .* left

    let (./) (left: torch.Tensor) (right: float) : torch.Tensor = left.div (Numeric.scalar right)

    type torch.Tensor with

        /// The entries, plus a whole number; of the same type.
        member values.plus(number: int64) : torch.Tensor =
            values.add (Numeric.whole number, Numeric.whole 1L)

        /// The entries times a whole number; of the same type.
        member values.times(number: int64) : torch.Tensor = values.mul (Numeric.whole number)

        /// The squares of all entries.
        member values.squared() : torch.Tensor = values.pow (Numeric.whole 2L)
