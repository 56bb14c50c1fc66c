namespace MetricLearning

open TorchSharp
open MetricLearning.Core

/// A number that a rule keeps for each weight from step to step.
type internal SlotSpec =
    {
        /// The name, as in PyTorch.
        Name: string
        /// The initial value.
        Fill: float
    }

/// The formula by which weights follow their gradients: a kind of optimizer with its options. The learning rate is not
/// part of it.
[<NoEquality; NoComparison>]
type internal Rule =
    {
        /// The name of TorchSharp's optimizer of this kind.
        Name: string
        /// The slots, in the order in which `Update` takes them.
        Slots: SlotSpec[]
        /// Raises ArgumentException when an option is out of range.
        Validate: unit -> unit
        /// One step, from the learning rate, the number of the step for these weights (from 1) and the gradient, written
        /// into the slots and the weights: flat tensors of one length. The gradient is left as it is. The caller has
        /// switched gradients off.
        Update: float -> int64 -> torch.Tensor -> torch.Tensor[] -> torch.Tensor -> unit
        /// The weight decay.
        Decay: float
        /// The momentum, or the decay rate of the mean of gradients; None for a rule without, or that changes it by itself.
        Momentum: float option
        /// The same rule, with the same slots, with another weight decay and momentum.
        With: float -> float -> Rule
        /// Options that are added to a divisor so that it is not 0.
        Eps: float option
        /// From bounds before a step, at any count, to bounds after it: of each slot, and of the weights and all that is
        /// computed on the way. Infinite where a step can make numbers that are not finite.
        Bound: Bounds -> struct (float[] * float)
        /// The same step of one parameter, whose gradient lies at an address, in one pass over memory; None for a rule
        /// that only libtorch steps.
        OnePass: (float -> int64 -> Slot -> nativeint -> FlatMemory -> unit) option
    }

/// Building rules.
module internal Rule =

    /// A slot that starts at zero.
    let zero (name: string) : SlotSpec = { Name = name; Fill = 0.0 }
