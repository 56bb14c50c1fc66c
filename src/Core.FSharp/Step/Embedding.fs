namespace MetricLearning.Core

open MetricLearning
open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch

/// What a step function may use: the plan, the handles to run it with and the step's randomness.
[<ReferenceEquality>]
type Context =
    {
        /// What counts in this iteration.
        Plan: Plan
        /// By key.
        Networks: IReadOnlyDictionary<string, Network>
        /// By key.
        Losses: IReadOnlyDictionary<string, LossFunction>
        /// By key.
        Miners: IReadOnlyDictionary<string, Miner>
        /// The seed of this step.
        Seed: Seed
    }

/// A batch and its embeddings.
[<ReferenceEquality>]
type Embedded =
    {
        /// Shape (N, D).
        Embeddings: Tensor
        /// Int64 of shape (N).
        Labels: Tensor
    }

/// A batch and what the trunk made of it.
[<ReferenceEquality>]
type Featured =
    {
        /// The trunk's output, one row a sample.
        Features: Tensor
        /// Int64 of shape (N).
        Labels: Tensor
    }

/// From batches to embeddings.
module Embedding =

    let private call (network: Network) (inputs: Tensor[]) : Tensor =
        TorchModules.call network.Handle.Key network.Forward inputs

    /// The output of the network `key`, or the input itself when there is no such network (an identity embedder).
    let through (key: string) (ctx: Context) (input: Tensor) : Tensor =
        match ctx.Networks.TryGetValue key with
        | true, network ->
            let output = call network [| input |]
            TorchModules.checkRows key (input.size 0) output
            output
        | _ -> input

    /// The trunk's output for a batch.
    let trunk (ctx: Context) (batch: Batch) : Tensor =
        let network =
            match ctx.Networks.TryGetValue Keys.Trunk with
            | true, network -> network
            | _ -> invalidOp $"There is no network \"{Keys.Trunk}\" to make embeddings with; add it to models."

        let output = call network batch.Data
        TorchModules.checkRows Keys.Trunk (batch.Labels.size 0) output
        output

    /// The trunk's output for a batch, with the batch's labels.
    let features (ctx: Context) (batch: Batch) : Featured =
        {
            Features = trunk ctx batch
            Labels = batch.Labels
        }

    /// The embedder's output for what the trunk made.
    /// Raises InvalidOperationException when it is not a matrix with one row a sample.
    let ofFeatures (ctx: Context) (featured: Featured) : Embedded =
        let embeddings = featured.Features |> through Keys.Embedder ctx

        TorchModules.checkMatrix embeddings

        {
            Embeddings = embeddings
            Labels = featured.Labels
        }

    /// The embeddings of a batch: embedder after trunk.
    /// Raises InvalidOperationException when they are not a matrix with one row a sample.
    let embed (ctx: Context) (batch: Batch) : Embedded = batch |> features ctx |> ofFeatures ctx
