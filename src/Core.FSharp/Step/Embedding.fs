namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// A batch and its embeddings.
[<ReferenceEquality>]
type Embedded =
    {
        /// Shape (N, D).
        Embeddings: Tensor
        /// Int64 of shape (N).
        Labels: Tensor
    }

    interface IRows<Embedded> with
        member embedded.ToRows() =
            {
                Tensors = [| embedded.Embeddings |]
                Labels = embedded.Labels
            }

        static member OfRows rows =
            {
                Embeddings = rows.Tensors[0]
                Labels = rows.Labels
            }

/// A batch and the trunk's output for it.
[<ReferenceEquality>]
type Featured =
    {
        /// The trunk's output, one row a sample.
        Features: Tensor
        /// Int64 of shape (N).
        Labels: Tensor
    }

    interface IRows<Featured> with
        member featured.ToRows() =
            {
                Tensors = [| featured.Features |]
                Labels = featured.Labels
            }

        static member OfRows rows =
            {
                Features = rows.Tensors[0]
                Labels = rows.Labels
            }

/// From batches to embeddings.
module Embedding =

    let private named (network: Network) () : string =
        PartCalls.name "Models" network.Handle.Key network.Handle.Module

    // One row a sample, of which there are so many.
    let private call (network: Network) (rows: int64) (inputs: Tensor[]) : Tensor =
        Parts.run (named network) (fun () ->
            let key = network.Handle.Key

            match TorchModules.arity network.Handle.Module with
            | Some wanted when wanted <> inputs.Length ->
                invalidOp
                    $"The {key} takes {wanted} input tensor(s), but a sample has {inputs.Length}: call it on those that it takes, in C# with Through(\"{key}\", …), in F# with Embedding.through."
            | _ -> ()

            let output = TorchModules.call key network.Forward inputs
            TorchModules.checkRows key rows output
            output)

    /// True if there is a trunk and it takes as many tensors as a sample of the batch has.
    let trunkTakes (ctx: Context) (batch: Batch) : bool =
        match ctx.Networks.TryGetValue Keys.Trunk with
        | true, network ->
            TorchModules.arity network.Handle.Module
            |> Option.forall ((=) batch.Data.Length)
        | _ -> false

    /// The output of the network `key`, or the input itself where that network is left out (an identity embedder).
    /// Raises ArgumentException when the trainer knows no such network.
    let through (key: string) (ctx: Context) (input: Tensor) : Tensor =
        match Context.network key ctx with
        | Some network -> call network (input.size 0) [| input |]
        | None -> input

    /// The trunk's output for a batch.
    let trunk (ctx: Context) (batch: Batch) : Tensor =
        let network =
            match ctx.Networks.TryGetValue Keys.Trunk with
            | true, network -> network
            | _ -> invalidOp $"There is no network \"{Keys.Trunk}\" to make embeddings with; add it to Models."

        call network (batch.Labels.size 0) batch.Data

    /// The trunk's output for a batch, with the batch's labels.
    let features (ctx: Context) (batch: Batch) : Featured =
        {
            Features = trunk ctx batch
            Labels = batch.Labels
        }

    /// The embedder's output for the trunk's.
    /// Raises InvalidOperationException when it is not a matrix with one row a sample.
    let ofFeatures (ctx: Context) (featured: Featured) : Embedded =
        let embeddings = featured.Features |> through Keys.Embedder ctx

        match Option.orElse (Context.network Keys.Trunk ctx) (Context.network Keys.Embedder ctx) with
        | Some last -> Parts.run (named last) (fun () -> TorchModules.checkMatrix embeddings)
        | None -> TorchModules.checkMatrix embeddings

        {
            Embeddings = embeddings
            Labels = featured.Labels
        }

    /// The embeddings of a batch by other networks in the places of trunk and embedder. The second may be left out.
    /// Raises InvalidOperationException when there is no such trunk, or embeddings are not a matrix with one row a sample.
    let embedBy (trunk: string) (embedder: string) (ctx: Context) (batch: Batch) : Embedded =
        let features =
            match ctx.Networks.TryGetValue trunk with
            | true, network -> call network (batch.Labels.size 0) batch.Data
            | _ -> invalidOp $"There is no network \"{trunk}\" to make embeddings with; add it to Models."

        let embeddings = through embedder ctx features
        TorchModules.checkMatrix embeddings

        {
            Embeddings = embeddings
            Labels = batch.Labels
        }

    /// The embeddings of a batch: embedder after trunk.
    /// Raises InvalidOperationException when they are not a matrix with one row a sample.
    let embed (ctx: Context) (batch: Batch) : Embedded = batch |> features ctx |> ofFeatures ctx
