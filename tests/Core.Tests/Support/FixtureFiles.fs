/// The files that the facade's tests load: made here, since C# has no writer of pickles.
module MetricLearning.Core.Tests.Support.FixtureFiles

open System
open System.IO
open Expecto
open TorchSharp
open MetricLearning.Core.Tests.Support.PickleWriter
open MetricLearning.Core.Tests.Support.TorchFiles

let rec private folder (from: DirectoryInfo | null) : string =
    match from with
    | null -> invalidOp "The tests run outside of the repository."
    | from when File.Exists(Path.Combine(from.FullName, "MetricLearning.sln")) ->
        Path.Combine(from.FullName, "tests", "Facade.Tests", "Pretrained")
    | from -> folder from.Parent

/// Fills with eighths that repeat: the same bits everywhere.
let private fill (shift: int64) (tensor: torch.Tensor) : unit =
    use _ = torch.no_grad ()
    use numbers = (torch.arange (tensor.numel ()) + shift) % 11 - 5

    tensor.copy_ (numbers.reshape(tensor.shape).``to``(torch.ScalarType.Float32) / 8)
    |> ignore

let private layers () =
    let first, norm, last =
        torch.nn.Linear(6L, 6L), torch.nn.BatchNorm1d 6L, torch.nn.Linear(6L, 6L)

    [ first.weight; nonNull first.bias; last.weight; nonNull last.bias ]
    |> List.iteri (fun index tensor -> fill (int64 index) tensor)

    first, norm, last

/// A script from 6 features to 6: first, norm, last.
let script () : byte[] =
    let first, norm, last = layers ()
    ScriptFiles.save ScriptFiles.plain first norm last

/// A checkpoint of the same weights, as a training program in Python writes it.
let checkpoint () : byte[] =
    let first, norm, last = layers ()

    let network =
        torch.nn.Sequential(SmallRuns.layer "first" first, SmallRuns.layer "norm" norm, SmallRuns.layer "last" last)

    let storages, state =
        stateDict
            [
                for KeyValue(name, tensor) in network.state_dict () -> "module." + name, tensor
            ]

    save
        "checkpoint"
        (Some "little")
        storages
        (Python.Dict [ Python.Text "epoch", Python.Int 3L; Python.Text "state_dict", state ])

let tests =
    testList
        "files for the facade"
        [
            for name, content in [ "script.pt", script; "checkpoint.pth", checkpoint ] do
                testCase $"{name} is what is made here (UPDATE_FIXTURES=1 writes it)" (fun () ->
                    let path = Path.Combine(folder (DirectoryInfo AppContext.BaseDirectory), name)

                    if Environment.GetEnvironmentVariable "UPDATE_FIXTURES" = "1" then
                        File.WriteAllBytes(path, content ())

                    Expect.equal (Convert.ToHexString(File.ReadAllBytes path)) (Convert.ToHexString(content ())) path)
        ]
