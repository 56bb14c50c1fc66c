/// Small networks and data for the tests of inference.
module MetricLearning.Core.Tests.Support.EmbeddingNetworks

open System
open System.Security.Cryptography
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

type Tensor = torch.Tensor

let features, size = 6L, 3L

let private sequence (layers: (string * torch.nn.Module<Tensor, Tensor>) list) =
    torch.nn.Sequential [| for name, layer in layers -> struct (name, layer) |]

let private linear (inputs: int64) (outputs: int64) = torch.nn.Linear(inputs, outputs)

/// With what evaluation mode changes: statistics of batches, and dropout.
let trunk () =
    torch.manual_seed 3L |> ignore

    let layers =
        sequence
            [
                "linear", linear features 5L
                "norm", torch.nn.BatchNorm1d 5L
                "dropout", torch.nn.Dropout 0.5
            ]

    // Statistics that are not those of the start.
    use _ = torch.NewDisposeScope()
    layers.call (torch.randn (32L, features)) |> ignore
    layers

let embedder () =
    torch.manual_seed 4L |> ignore
    sequence [ "linear", linear 5L size; "dropout", torch.nn.Dropout 0.5 ]

/// A network that is a function.
type Function(name: string, f: Tensor -> Tensor) =
    inherit torch.nn.Module<Tensor, Tensor>(name)
    override _.forward input = f input

/// A network of two inputs that is a function.
type Function2(name: string, f: Tensor -> Tensor -> Tensor) =
    inherit torch.nn.Module<Tensor, Tensor, Tensor>(name)
    override _.forward(one, other) = f one other

/// Rows that differ, in no dispose scope.
let data (count: int64) =
    use _ = torch.NewDisposeScope()
    let positions = torch.arange ((count * features).ToScalar(), dtype = torch.float32)
    (positions * 0.7).sin().reshape(count, features).DetachFromDisposeScope()

let bitsOf (tensor: Tensor) : string =
    use here = tensor.detach().cpu().contiguous()
    Convert.ToHexString(SHA256.HashData(here.bytes.ToArray()))[..15]

let generator () =
    use state = torch.random.get_rng_state ()
    bitsOf state

/// Modes, parameters and buffers.
let partsOf (networks: torch.nn.Module list) =
    [
        for network in networks do
            for layer in Seq.append [ network ] (network.modules ()) do
                string layer.training

            for parameter in network.parameters () do
                bitsOf parameter

            for buffer in network.buffers () do
                bitsOf buffer
    ]

/// What nobody may change by looking: networks, and libtorch's stream.
let everythingOf (networks: torch.nn.Module list) = generator () :: partsOf networks

/// The networks' output in evaluation mode, by hand.
let embedByHand (networks: torch.nn.Module<Tensor, Tensor> list) (input: Tensor) : Tensor =
    use _ = torch.no_grad ()

    let modes =
        [
            for network in networks do
                for layer in Seq.append [ network :> torch.nn.Module ] (network.modules ()) -> layer, layer.training
        ]

    for network in networks do
        network.eval ()

    let output = networks |> List.fold (fun input network -> network.call input) input

    for layer, training in modes do
        layer.train training

    output

/// The same numbers, but for the rounding of float32: processors add the terms of a product in different orders.
let near (expected: Tensor) (actual: Tensor) (message: string) =
    use _ = torch.NewDisposeScope()
    Expect.sequenceEqual actual.shape expected.shape message
    let largest = expected.abs().max().ToDouble()
    Expect.isLessThanOrEqual ((actual - expected).abs().max().ToDouble()) (1e-6 * max 1.0 largest) message
