namespace MetricLearning

open System
open TorchSharp

/// The range and precision of the types that weights may have.
module internal FloatTypes =

    /// The number that is left of this one in a type.
    let round (dtype: torch.ScalarType) (number: float) : float =
        match dtype with
        | torch.ScalarType.Float16 -> float (Half.op_Explicit number: Half)
        | torch.ScalarType.BFloat16 ->
            let bits = BitConverter.SingleToUInt32Bits(float32 number)
            let even = bits + 0x7FFFu + ((bits >>> 16) &&& 1u)
            float (BitConverter.UInt32BitsToSingle(even &&& 0xFFFF0000u))
        | torch.ScalarType.Float32 -> float (float32 number)
        | _ -> number

    /// A few times less than the largest number of a type, so that a few roundings do not matter.
    let limit (dtype: torch.ScalarType) : float =
        match dtype with
        | torch.ScalarType.Float64 -> Double.MaxValue / 16.0
        | torch.ScalarType.Float32
        | torch.ScalarType.BFloat16 -> float Single.MaxValue / 16.0
        | torch.ScalarType.Float16 -> float Half.MaxValue / 16.0
        // Of other types nothing is certain.
        | _ -> 0.0

    /// A bound after a step, from one that leaves out roundings: they are relative, but for the smallest numbers of a type,
    /// which lie a fixed distance apart.
    let loosen (dtype: torch.ScalarType) (bound: float) : float =
        match dtype with
        | torch.ScalarType.Float64 -> bound * (1.0 + 1e-14) + 1e-320
        | torch.ScalarType.Float32 -> bound * (1.0 + 1e-6) + 1e-43
        | torch.ScalarType.BFloat16 -> bound * (1.0 + 1.0 / 32.0) + 1e-39
        | _ -> bound * (1.0 + 1.0 / 32.0) + 1e-6
