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

    // Miners and reducers leave out what is NaN, the backward pass does not: an embedding that is not finite makes the
    // loss so. Narrow numbers are summed in single precision, where they do not overflow.
    let private noticing (embeddings: Tensor) (loss: Tensor) : Tensor =
        use nothing = 0.0.ToScalar()
        let embeddings = embeddings.detach ()

        let sum =
            if embeddings.element_size () < 4L then
                embeddings.sum ScalarType.Float32
            else
                embeddings.sum ()

        loss.add (sum, nothing)

    /// The value of the loss function `name` on mined embeddings; not finite if an embedding is not.
    let lossOf (name: string) (ctx: Context) (mined: Mined) : Tensor =
        match ctx.Losses.TryGetValue name with
        | true, loss ->
            let value =
                loss.Compute mined.Embeddings mined.Labels mined.Tuples (Seed.derive name 0L ctx.Seed)

            if isNull (box value) then
                invalidOp $"The loss function \"{name}\" returned null; it must return one number for the batch."

            noticing mined.Embeddings value
        | _ -> invalidArg (nameof name) $"There is no loss function \"{name}\"; add it to loss_funcs."

    /// The loss function `name` on mined embeddings.
    let metricAs (name: string) (ctx: Context) (mined: Mined) : Losses = term name ctx (lossOf name ctx) mined

    /// The metric loss on mined embeddings.
    let metric (ctx: Context) (mined: Mined) : Losses = metricAs Keys.MetricLoss ctx mined
