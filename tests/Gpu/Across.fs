/// The same computation on the CPU and on the device, in float64 and in float32.
module Gpu.Across

open System
open TorchSharp
open MetricLearning.Core.Tests.Support

let dtypes = [ torch.float64; torch.float32 ]

/// How far apart two results may be, relative to the largest of their numbers.
let private tolerance (dtype: ScalarType) : float =
    if dtype = torch.float64 then 1e-9 else 1e-3

let private numbers (tensor: Tensor) : float[] =
    Expectations.floats (tensor.detach().cpu())

let private differ (dtype: ScalarType) (what: string) (expected: Tensor) (found: Tensor) : string list =
    let expected, found = numbers expected, numbers found

    if expected.Length <> found.Length then
        [ $"{what}: {found.Length} numbers instead of {expected.Length}" ]
    else
        let scale =
            expected |> Array.map abs |> Array.filter Double.IsFinite |> Array.fold max 1e-2

        let off =
            Array.map2
                (fun (one: float) (other: float) ->
                    if one.Equals other then
                        0.0
                    elif Double.IsFinite one && Double.IsFinite other then
                        abs (one - other)
                    else
                        infinity)
                expected
                found
            |> Array.fold max 0.0

        if off <= tolerance dtype * scale then
            []
        else
            [ $"{what}: off by {off / scale}" ]

/// Results by name that are not the same.
let compare (dtype: ScalarType) (expected: (string * Tensor) list) (found: (string * Tensor) list) : string list =
    if List.map fst expected <> List.map fst found then
        [ $"{List.map fst found} instead of {List.map fst expected}" ]
    else
        List.map2 (fun (what, one) (_, other) -> differ dtype what one other) expected found
        |> List.concat

/// The bits of results.
let bits (results: (string * Tensor) list) : string list =
    results |> List.map (snd >> Snapshot.bitsOf)

/// Checks that a computation gives on the device what it gives on the CPU, in both dtypes, and the same bits there every time.
let agree (checks: Checks) (name: string) (compute: torch.Device -> ScalarType -> (string * Tensor) list) : unit =
    for dtype in dtypes do
        checks.Check(
            $"{name}, {dtype}",
            fun () ->
                let expected = compute torch.CPU dtype
                let found = compute checks.Device dtype

                [
                    yield! compare dtype expected found

                    for _ in 1..3 do
                        if bits (compute checks.Device dtype) <> bits found then
                            "does not repeat"
                ]
                |> List.distinct
        )

/// Samples (rows × columns) in classes of equal size, with their labels: the same numbers on every device.
let batch (rows: int64) (columns: int64) (classes: int64) (seed: uint64) (device: torch.Device) (dtype: ScalarType) =
    use generator = new torch.Generator(seed, torch.CPU)

    let draw (rows: int64) =
        torch.randn (rows, columns, dtype = torch.float64, generator = generator)

    let labels = torch.arange(rows.ToScalar()).remainder(classes.ToScalar())
    let samples = (draw classes).index_select(0L, labels) * 0.7 + draw rows
    struct (samples.``to`` (dtype, device), labels.``to`` device)
