namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch

/// The losses of a batch by name, not yet weighted; a name may come more than once and its losses are added. Losses
/// that do not count are not among them.
type Losses = Losses of (string * Tensor) list

/// From tuples to losses.
[<AutoOpen>]
module Objectives =

    /// Joins losses: associative, and `none` is its unit on both sides. Functions to losses are joined pointwise.
    let inline (<+>) (left: 'Input -> Losses) (right: 'Input -> Losses) : 'Input -> Losses =
        fun input ->
            let (Losses first) = left input
            let (Losses second) = right input
            Losses(first @ second)

/// Losses as functions of a batch's parts.
module Objective =

    /// No loss at all: the unit of `<+>`.
    let none (_: 'Input) : Losses = Losses []

    /// A loss under a name; not computed when its weight is not above zero.
    let term (name: string) (ctx: Context) (compute: 'Input -> Tensor) (input: 'Input) : Losses =
        if Plan.counts name ctx.Plan then
            Losses [ name, compute input ]
        else
            Losses []

    /// The value of the loss function `name` on mined embeddings.
    let lossOf (name: string) (ctx: Context) (mined: Mined) : Tensor =
        ctx.Losses[name].Compute mined.Embeddings mined.Labels mined.Tuples (Seed.derive name 0L ctx.Seed)

    /// The loss function `name` on mined embeddings.
    let metricAs (name: string) (ctx: Context) (mined: Mined) : Losses = term name ctx (lossOf name ctx) mined

    /// The metric loss on mined embeddings.
    let metric (ctx: Context) (mined: Mined) : Losses = metricAs Keys.MetricLoss ctx mined
