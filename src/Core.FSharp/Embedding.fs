namespace MetricLearning.Core

open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch

/// What a step function may use: the plan, the machines to run it with and the step's randomness.
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

    let private checkRows (key: string) (rows: int64) (output: Tensor) =
        if output.dim () < 1L || output.size 0 <> rows then
            invalidOp
                $"The {key} made an output of shape {output.ToString TensorStringStyle.Metadata} from a batch of {rows} samples; its first dimension must be {rows}."

    let private describe (inputs: Tensor[]) =
        inputs
        |> Seq.map (fun input ->
            let shape = System.String.Join(", ", input.shape)
            $"({shape}) {input.dtype}")
        |> String.concat " and "

    // libtorch names neither the network nor what it was given.
    let private call (network: Network) (inputs: Tensor[]) : Tensor =
        let output =
            try
                network.Forward inputs
            with :? System.Runtime.InteropServices.ExternalException as error ->
                raise (
                    System.InvalidOperationException(
                        $"The {network.Machine.Key} cannot take an input of {describe inputs} (first dimension: samples): {error.Message}",
                        error
                    )
                )

        match box output with
        | null -> invalidOp $"The {network.Machine.Key} returned null; its forward pass must return a tensor."
        | _ -> output

    /// The output of the network `key`, or the input itself when there is no such network (an identity embedder).
    let through (key: string) (ctx: Context) (input: Tensor) : Tensor =
        match ctx.Networks.TryGetValue key with
        | true, network ->
            let output = call network [| input |]
            checkRows key (input.size 0) output
            output
        | _ -> input

    /// The trunk's output for a batch.
    let trunk (ctx: Context) (batch: Batch) : Tensor =
        let network =
            match ctx.Networks.TryGetValue Keys.Trunk with
            | true, network -> network
            | _ -> invalidOp $"There is no network \"{Keys.Trunk}\" to make embeddings with; add it to models."

        let output = call network batch.Data
        checkRows Keys.Trunk (batch.Labels.size 0) output
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

        if embeddings.dim () <> 2L then
            invalidOp
                $"Embeddings must have the shape (samples, size); these have {embeddings.dim ()} dimensions. Let the embedder (or the trunk) end with a flatten or a linear layer."

        {
            Embeddings = embeddings
            Labels = featured.Labels
        }

    /// The embeddings of a batch: embedder after trunk.
    /// Raises InvalidOperationException when they are not a matrix with one row a sample.
    let embed (ctx: Context) (batch: Batch) : Embedded = batch |> features ctx |> ofFeatures ctx
