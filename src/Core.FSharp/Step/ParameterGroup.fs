namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// An optimizer in use by a run.
[<RequireQualifiedAccess; ReferenceEquality>]
type OptimizerHandle =
    /// An optimizer of this library.
    | Value of PureOptimizer
    /// TorchSharp's own, run as the rule of the same name.
    | Mirrored of optim.Optimizer
    /// One that no rule describes: it steps in place and keeps its slots to itself.
    | Opaque of optim.Optimizer

/// The parameters of one optimizer group (or of none) of one dtype and device.
[<ReferenceEquality>]
type ParameterGroup =
    {
        /// The optimizer's key; None for parameters that never move.
        Optimizer: string option
        /// The number of the optimizer's group, from 0.
        Index: int
        /// The parameters, in the optimizer's order.
        Parameters: Modules.Parameter[]
        /// Each parameter's place in the flat vector.
        Layout: Layout
        /// The same in the parameters' own type. Where it differs, the vector holds weights in float32, and parameters show them rounded.
        Shown: Layout
        /// Steps the flat vectors of this layout.
        Update: FlatUpdate
        /// True if a forward pass writes into these weights (an embedding with max_norm).
        IsRewritten: bool
    }

    /// True if the vector holds weights in float32 that parameters show rounded.
    member group.IsRounded: bool = group.Layout.Dtype <> group.Shown.Dtype

/// Registered buffers of one dtype and device.
[<ReferenceEquality>]
type BufferGroup =
    {
        /// The buffers, in the order of the modules.
        Buffers: Tensor[]
        /// Each buffer's place in the flat vector.
        Layout: Layout
        /// The number of its first numbers that are those of networks; the others are those of losses.
        OfNetworks: int64
    }
