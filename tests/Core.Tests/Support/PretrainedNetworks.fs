/// Small networks and their weights.
module MetricLearning.Core.Tests.Support.PretrainedNetworks

open System
open System.Collections.Generic
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.PickleWriter
open MetricLearning.Core.Tests.Support.TorchFiles

let withFile (extension: string) (act: string -> unit) : unit =
    let folder = Directory.CreateTempSubdirectory("metric-learning-").FullName

    try
        act (Path.Combine(folder, "weights" + extension))
    finally
        Directory.Delete(folder, true)

let layer name (part: torch.nn.Module<torch.Tensor, torch.Tensor>) = struct (name, part)

let network (width: int64) =
    torch.nn.Sequential(
        layer "first" (torch.nn.Linear(3L, width)),
        layer "norm" (torch.nn.BatchNorm1d width),
        layer "last" (torch.nn.Linear(width, 2L))
    )

/// A network whose weights and statistics are none that a new one has.
let trained (width: int64) =
    let made = network width
    use _ = torch.no_grad ()

    for KeyValue(_, tensor) in made.state_dict () do
        use numbers = torch.rand_like (tensor, dtype = torch.ScalarType.Float32)
        tensor.copy_ (numbers * 5) |> ignore

    made

let bits (target: torch.nn.Module) =
    [
        for KeyValue(name, tensor) in target.state_dict () -> name, Snapshot.bitsOf tensor
    ]

let state (target: torch.nn.Module) =
    [ for KeyValue(name, tensor) in target.state_dict () -> name, tensor ]

let renamed (rename: string -> string) (tensors: (string * torch.Tensor) list) =
    [ for name, tensor in tensors -> rename name, tensor ]

/// Loading into a module is refused with these words, and changes nothing.
let refuses (target: torch.nn.Module) (load: torch.nn.Module -> LoadReport) (words: string list) =
    let before = bits target

    Expect.throwsC (fun () -> load target |> ignore) (fun error ->
        Expect.equal (error.GetType()) typeof<ArgumentException> $"{error}"

        for word in words do
            Expect.stringContains error.Message word "the message")

    Expect.equal (bits target) before "nothing changed"
