namespace MetricLearning.Core

open System.Collections.Generic
open MetricLearning

/// The parts of a run that a step function may use: the plan, networks, losses, miners, and the step's randomness.
[<ReferenceEquality>]
type Context =
    {
        /// The losses that count in this iteration.
        Plan: Plan
        /// The keys that the trainer knows.
        Schema: Schema
        /// By key.
        Networks: IReadOnlyDictionary<string, Network>
        /// By key.
        Losses: IReadOnlyDictionary<string, LossFunction>
        /// By key.
        Miners: IReadOnlyDictionary<string, Miner>
        /// The seed of this step.
        Seed: Seed
        /// The range of the labels, as far as it is known.
        LabelRange: LabelRange
    }

/// Finding the parts of a run by key. A part may be left out; a key that the trainer does not know is an error.
module internal Context =

    let private find
        (kind: string)
        (given: string)
        (known: string list)
        (parts: IReadOnlyDictionary<string, 'Part>)
        key
        =
        match parts.TryGetValue key with
        | true, part -> Some part
        | _ when List.contains key known -> None
        | _ ->
            let names = Seq.distinct (Seq.append parts.Keys known)
            invalidArg "key" $"There is no {kind} \"{key}\"; this trainer knows {Keys.quoted names}. Add it to {given}."

    /// The network under a key; None where it is left out, as the embedder may be in any trainer.
    /// Raises ArgumentException when the trainer knows no such network.
    let network (key: string) (ctx: Context) : Network option =
        if key = Keys.Embedder && not (ctx.Networks.ContainsKey key) then
            None
        else
            find "network" "Models" (List.map fst ctx.Schema.Models) ctx.Networks key

    /// The miner under a key; None where it is left out.
    /// Raises ArgumentException when the trainer knows no such miner.
    let miner (key: string) (ctx: Context) : Miner option =
        find "miner" "MiningFuncs" ctx.Schema.Miners ctx.Miners key

    /// The comparison of labels of the loss under a key; by equality if it is no loss of this library.
    let comparison (key: string) (ctx: Context) : LabelComparison =
        match ctx.Losses.TryGetValue key with
        | true, loss ->
            match box loss.Handle.Module with
            | :? Loss as found -> found.LabelComparison
            | _ -> LabelComparison.Equal
        | _ -> LabelComparison.Equal

    /// True if a loss is computed.
    /// Raises ArgumentException when the run has no loss of that name.
    let counts (name: string) (ctx: Context) : bool =
        if not (ctx.Plan.Weights.ContainsKey name || ctx.Losses.ContainsKey name) then
            let names = Seq.distinct (Seq.append ctx.Plan.Weights.Keys ctx.Losses.Keys)

            invalidArg
                (nameof name)
                $"There is no loss \"{name}\"; this run has {Keys.quoted names}. Add it to LossFuncs, or name it as a further loss at construction."

        Plan.counts name ctx.Plan
