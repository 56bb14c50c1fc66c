namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

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

    /// Several losses as one: what `<+>` is for functions.
    let all (losses: Losses seq) : Losses =
        Losses
            [
                for Losses terms in losses do
                    yield! terms
            ]

    /// A loss under a name; not computed when its weight is not above zero.
    /// Raises ArgumentException when the run has no loss of that name.
    let term (name: string) (ctx: Context) (compute: 'Input -> Tensor) (input: 'Input) : Losses =
        if Context.counts name ctx then
            Losses [ name, compute input ]
        else
            Losses []

    /// Losses that are computed only where one of these counts.
    let during (names: string list) (ctx: Context) (compute: 'Input -> Losses) (input: 'Input) : Losses =
        if names |> List.exists (fun name -> Plan.counts name ctx.Plan) then
            compute input
        else
            none input

    let private find (name: string) (ctx: Context) : LossFunction =
        match ctx.Losses.TryGetValue name with
        | true, loss -> loss
        | _ ->
            invalidArg
                (nameof name)
                $"There is no loss function \"{name}\"; this run has {Keys.quoted ctx.Losses.Keys}. Add it to LossFuncs."

    let private valueOf
        (name: string)
        (ctx: Context)
        (loss: LossFunction)
        (mined: Mined)
        (compute: unit -> Tensor)
        : Tensor =
        PartCalls.loss ctx.LabelRange name loss.Handle.Module mined.Embeddings mined.Labels (fun () ->
            let value = compute ()

            if isNull (box value) then
                invalidOp $"The loss function \"{name}\" returned null; it must return one number for the batch."

            value)

    /// The value of the loss function `name` on mined embeddings; not finite if an embedding is not.
    let lossOf (name: string) (ctx: Context) (mined: Mined) : Tensor =
        let loss = find name ctx

        let value =
            valueOf name ctx loss mined (fun () -> loss.Compute mined (Seed.derive name 0L ctx.Seed))

        match box loss.Handle.Module with
        | :? Loss -> value
        | _ -> Numeric.propagateNonFinite mined.Embeddings value

    /// The value of the loss function `name` on mined embeddings whose positives and negatives are reference embeddings, or,
    /// for a loss of two views of every sample, which are the other view; a CrossBatchMemory remembers them first, and compares the
    /// embeddings with all that it remembers. Not finite if an embedding is not.
    /// Raises ArgumentException when the run has no loss of that name, or it is a module without references.
    let lossAgainst (name: string) (ctx: Context) (references: Embedded) (mined: Mined) : Tensor =
        let loss = find name ctx

        match loss.Against with
        | None ->
            invalidArg
                (nameof references)
                $"LossFuncs[\"{name}\"] is a module from embeddings and labels: it takes no reference embeddings. Use a Loss of this library, or leave them out."
        | Some against ->
            valueOf name ctx loss mined (fun () ->
                against mined references.Embeddings references.Labels (Seed.derive name 0L ctx.Seed))

    /// The loss function `name` on mined embeddings.
    /// Raises ArgumentException when the run has no loss of that name.
    let metricAs (name: string) (ctx: Context) (mined: Mined) : Losses = term name ctx (lossOf name ctx) mined

    /// The metric loss on mined embeddings.
    let metric (ctx: Context) (mined: Mined) : Losses = metricAs Keys.MetricLoss ctx mined

    /// The loss function `name` on the scores of the network `head` for embeddings, shape (N, classes). No loss where that
    /// network is left out.
    /// Raises ArgumentException when the trainer knows no such network.
    let headAs (head: string) (name: string) (ctx: Context) (mined: Mined) : Losses =
        match Context.network head ctx with
        | None -> none mined
        | Some _ ->
            let classify (mined: Mined) =
                lossOf name ctx (Mined(Embedding.through head ctx mined.Embeddings, mined.Labels, Tuples.All))

            term name ctx classify mined

    /// The classifier's loss on mined embeddings; no loss without a classifier.
    let classifier (ctx: Context) (mined: Mined) : Losses =
        headAs Keys.Classifier Keys.ClassifierLoss ctx mined
