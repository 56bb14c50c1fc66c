namespace MetricLearning

open System
open TorchSharp

/// The range and precision of the types that weights may have.
module internal Precision =

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

    /// More than the roundings of one step can add to a number, relative to it.
    let slack (dtype: torch.ScalarType) : float =
        match dtype with
        | torch.ScalarType.Float64 -> 1.0 + 1e-14
        | torch.ScalarType.Float32 -> 1.0 + 1e-6
        | _ -> 1.0 + 1.0 / 32.0
