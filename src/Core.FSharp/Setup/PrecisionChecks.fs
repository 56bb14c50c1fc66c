namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Checks of the precision that networks are to compute in.
module internal PrecisionChecks =

    /// A precision that this libtorch has.
    let possible (options: RunOptions) : Diagnostics =
        Autocast.mistake (nameof options.Precision) options.Precision
        |> Option.toList
        |> Diagnostics.errors

    let private isDouble (handle: ModuleHandle) : bool =
        handle.Parameters.Length > 0
        && handle.Parameters
           |> Array.forall (fun (struct (parameter, _)) -> parameter.dtype = ScalarType.Float64)

    /// A device and networks that it has an effect on.
    let effect (networks: ModuleHandle seq) (device: Device) (options: RunOptions) : Diagnostics =
        let name = nameof options.Precision

        if (Autocast.dtypeOf options.Precision).IsNone then
            Diagnostics.none
        else
            {
                Errors =
                    [
                        if device.``type`` <> DeviceType.CPU && device.``type`` <> DeviceType.CUDA then
                            $"{name} is {options.Precision}, which works on the CPU and on CUDA, but batches are put on {device}: use Precision.Float32."
                    ]
                Warnings =
                    [
                        for network in networks do
                            if isDouble network then
                                $"{name} is {options.Precision}, but Models[\"{network.Key}\"] has float64 weights, with which it computes as before. Convert it by to(float32), before its optimizer is made."
                    ]
            }
