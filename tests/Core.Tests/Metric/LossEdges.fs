/// Batches at the edge of what there is to compare.
module MetricLearning.Core.Tests.Metric.LossEdges

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches

let private twins (rows: torch.Tensor) = torch.cat ([| rows; rows |], 0L)

/// Name, embeddings, labels.
let batches: (string * (unit -> torch.Tensor) * int64 list) list =
    [
        "one class", (fun () -> embeddings 1 6), [ 2; 2; 2; 2; 2; 2 ]
        "all different", (fun () -> embeddings 2 4), [ 0; 1; 2; 3 ]
        "two of a class", (fun () -> embeddings 3 2), [ 1; 1 ]
        "two of two classes", (fun () -> embeddings 4 2), [ 1; 0 ]
        "one sample", (fun () -> embeddings 5 1), [ 3 ]
        "duplicates", (fun () -> twins (embeddings 6 4)), [ 0; 0; 1; 1; 0; 0; 1; 1 ]
        "duplicates of other classes", (fun () -> twins (embeddings 7 4)), [ 0; 0; 1; 1; 2; 2; 3; 3 ]
        "rows of zeros",
        (fun () -> torch.cat ([| embeddings 8 4; torch.zeros (2L, 5L, dtype = torch.float64) |], 0L)),
        [ 0; 0; 1; 1; 0; 1 ]
        "one number a sample", (fun () -> (embeddings 9 6).narrow(1L, 0L, 1L)), [ 0; 0; 1; 1; 2; 2 ]
    ]

// A ratio to the variance of a sample's numbers needs some; class weights have their own width.
let private isDefined (loss: string) (batch: string) =
    match batch with
    | "rows of zeros" -> loss <> "SignalToNoiseRatioContrastive"
    | "one number a sample" ->
        loss <> "SignalToNoiseRatioContrastive"
        && loss <> "P2SGrad"
        && weighted |> List.forall (fun (other, _) -> other <> loss)
    | _ -> true

// Losses whose values may be negative, or that labels alone do not ask for.
let private others: (string * (unit -> Loss)) list =
    [
        "P2SGrad", (fun () -> new P2SGradLoss(5, 4))
        "DynamicSoftMargin", (fun () -> new DynamicSoftMarginLoss())
    ]

let private dtypes = [ torch.float64; torch.float32; torch.bfloat16 ]

let private isFinite (what: string) (value: float, slope: float) =
    Expect.isTrue (Double.IsFinite value) $"{what}: value {value}"
    Expect.isTrue (Double.IsFinite slope) $"{what}: gradient {slope}"

let tests =
    testList
        "edges"
        [
            for batch, rows, labels in batches do
                test $"narrow types: {batch}" {
                    for name, make in every @ others |> List.filter (fun (name, _) -> isDefined name batch) do
                        for dtype in dtypes do
                            use _ = torch.NewDisposeScope()
                            use loss = make ()
                            loss.``to`` dtype |> ignore

                            valueAndSlope loss (rows().``to`` dtype) (vector labels) Tuples.All None
                            |> isFinite $"{name}, {dtype}"
                }

            for batch, rows, labels in batches do
                for name, make in every |> List.filter (fun (name, _) -> isDefined name batch) do
                    test $"{name}: {batch}" {
                        using make (fun loss ->
                            let value, slope = valueAndSlope loss (rows ()) (vector labels) Tuples.All None
                            Expect.isTrue (Double.IsFinite value && value >= -1e-12) $"value {value}"
                            Expect.isTrue (Double.IsFinite slope) $"gradient {slope}")
                    }
        ]
