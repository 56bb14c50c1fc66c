module MetricLearning.Core.Tests.Support.Sources

open System
open System.Collections.Generic
open System.Threading
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations

let seed = Seed.ofInt64 1L

let fetch (source: BatchSource) (indices: int64 list) =
    source.Fetch(List.toArray indices, seed, CancellationToken.None)

/// Ten samples: row i holds i and −i, its label is 100 + i.
let rows () =
    torch.tensor (Array2D.init 10 2 (fun row column -> if column = 0 then float32 row else float32 -row))

let labels () = torch.tensor [| 100L .. 109L |]

type Pictures(broken: int64) =
    inherit torch.utils.data.Dataset()
    override _.Count = 10L

    override _.GetTensor index =
        if index = broken then
            raise (FormatException "not a picture")

        // Tensors on the way, which nobody disposes.
        let data = torch.tensor([| float32 index |]).mul(torch.tensor 2.0f)
        Dictionary(dict [ "data", data.div (torch.tensor 2.0f); "label", torch.tensor (100L + index) ])

let holds (source: BatchSource) (indices: int64 list) =
    use batch = fetch source indices

    Expect.equal (batch.Indices |> Array.toList) indices "indices"
    Expect.equal (numbers batch.Labels |> Array.toList) (indices |> List.map ((+) 100L)) "labels"
    Expect.equal batch.Labels.dtype torch.int64 "label dtype"
    let rows = batch.Data[0].size 0
    Expect.equal rows (int64 indices.Length) "rows"

    Expect.equal
        [
            for row in floats batch.Data[0] |> Array.chunkBySize (int (batch.Data[0].numel() / rows)) -> int64 row[0]
        ]
        indices
        "data"
