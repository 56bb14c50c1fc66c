namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Reading numbers off a device, which waits for what it computes.
module internal Readings =

    let private number (scalar: Tensor) : float =
        match scalar.dtype with
        | ScalarType.Float64 -> scalar.item<Double>()
        | ScalarType.Float32 -> Convert.ToDouble(scalar.item<Single>())
        | ScalarType.Int64 -> Convert.ToDouble(scalar.item<Int64>())
        | _ -> scalar.to_type(ScalarType.Float64).item<Double>()

    /// Scalars as numbers: one by one where they can simply be read, in one transfer from any other device.
    let read (scalars: Tensor[]) : float[] =
        if scalars |> Array.forall (fun scalar -> scalar.device_type = DeviceType.CPU) then
            scalars |> Array.map number
        else
            use _ = no_grad ()
            let stacked = torch.stack (scalars |> Array.map (Numeric.ofType ScalarType.Float64))
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
