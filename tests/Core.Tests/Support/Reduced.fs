module MetricLearning.Core.Tests.Support.Reduced

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let threshold (low: Nullable<float>) (high: Nullable<float>) : Reducer =
    ThresholdReducer(low, high, CollectStats = true)

let reducers: (string * (unit -> Reducer)) list =
    [
        "mean", (fun () -> MeanReducer())
        "sum", (fun () -> SumReducer())
        "average of those above 0", (fun () -> AvgNonZeroReducer())
        "threshold", (fun () -> threshold (Nullable -0.5) (Nullable 0.8))
        "class weighted", (fun () -> ClassWeightedReducer((float64 [| 0.5; 2.0; 1.0; 0.1 |])))
        "per anchor", (fun () -> PerAnchorReducer(AvgNonZeroReducer()))
    ]

let reduced (reducer: Reducer) (elements: LossElements) (rows: torch.Tensor) (labels: torch.Tensor) =
    number (reducer.Reduce([| elements |], rows, labels))

let samples () =
    ElementsOf.Rows("loss", float64 [| 1.0; -2.0; 0.0; 4.0 |])

let reduceSamples (reducer: Reducer) =
    use _ = torch.NewDisposeScope()
    reduced reducer (samples ()) (torch.ones (4L, 2L, dtype = torch.float64)) (vector [ 0; 1; 1; 3 ])
