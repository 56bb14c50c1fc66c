namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Reading numbers off a device, which waits for what it computes.
module internal Readings =

    /// Scalars as numbers: one by one where they can simply be read, in one transfer from any other device.
    let read (scalars: Tensor[]) : float[] =
        if scalars |> Array.forall (fun scalar -> scalar.device_type = DeviceType.CPU) then
            [| for scalar in scalars -> scalar.to_type(ScalarType.Float64).item<float>() |]
        else
            let stacked =
                torch.stack [| for scalar in scalars -> scalar.detach().``to`` ScalarType.Float64 |]

            stacked.cpu().data<float>().ToArray()

    /// Scalars and measurements as numbers, in one transfer.
    let readWith (scalars: Tensor[]) (measured: Measured[]) : struct (float[] * float[]) =
        let onDevice =
            measured
            |> Array.choose (function
                | Measured.OnDevice scalar -> Some scalar
                | Measured.Known _ -> None)

        let numbers = read (Array.append scalars onDevice)
        let mutable next = scalars.Length

        let found =
            measured
            |> Array.map (function
                | Measured.Known number -> number
                | Measured.OnDevice _ ->
                    next <- next + 1
                    numbers[next - 1])

        struct (Array.truncate scalars.Length numbers, found)

    /// Measurements as numbers, in one transfer.
    let measured (measured: Measured[]) : float[] =
        let struct (_, found) = readWith [||] measured
        found
