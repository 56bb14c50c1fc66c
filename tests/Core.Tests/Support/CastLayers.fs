/// What is seen inside networks while they compute in a precision.
module MetricLearning.Core.Tests.Support.CastLayers

open System
open System.Collections.Concurrent
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.EmbeddingNetworks

/// The types of the outputs of all linear layers in networks, from now on.
let seenIn (networks: torch.nn.Module seq) : ConcurrentBag<ScalarType> =
    let seen = ConcurrentBag<ScalarType>()

    for network in networks do
        for layer in Seq.append [ network ] (network.modules ()) do
            match layer with
            | :? Modules.Linear as linear ->
                linear.register_forward_hook (
                    Func<torch.nn.Module<Tensor, Tensor>, Tensor, Tensor, Tensor>(fun _ _ output ->
                        seen.Add output.dtype
                        output)
                )
                |> ignore
            | _ -> ()

    seen

/// A linear layer, in which something is done with what it makes.
type Watched(act: Tensor -> unit) as this =
    inherit torch.nn.Module<Tensor, Tensor>("Watched")

    let layer = torch.nn.Linear(features, size)
    do this.RegisterComponents()

    override _.forward input =
        let made = layer.call input
        act made
        made

/// A loss of the embeddings' squares that shows what it is given.
type Shown(act: Tensor -> unit) =
    inherit torch.nn.Module<Tensor, Tensor, Tensor>("Shown")

    override _.forward(embeddings, _) =
        act embeddings
        (embeddings * embeddings).mean()

/// The type that a precision computes with.
let dtypeOf (precision: Precision) : ScalarType =
    Autocast.dtypeOf precision |> Option.defaultValue ScalarType.Float32
