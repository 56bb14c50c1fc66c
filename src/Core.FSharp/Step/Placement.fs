namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Bringing batches to the device and dtype of a run.
module internal Placement =

    let private wantedDtype (handles: Handles) (data: Tensor) =
        match handles.Dtype with
        | Some dtype when data.is_floating_point () -> dtype
        | _ -> data.dtype

    /// The batch on the device, in the dtype that was asked for.
    let place (handles: Handles) (fetched: Batch) : Batch =
        {
            Data =
                fetched.Data
                |> Array.map (fun data -> data.``to`` (wantedDtype handles data, handles.Device))
            Labels = fetched.Labels.``to`` handles.Device
            Indices = fetched.Indices
        }
