namespace MetricLearning

open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics

/// A pixel as four numbers of 0 to 255.
module internal PixelVectors =

    /// The pixel at a place of the bytes.
    let inline load (bytes: byte[]) (at: int) : Vector4 =
        let packed =
            Vector128.CreateScalar(Unsafe.ReadUnaligned<uint32>(&bytes[at])).AsByte()

        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower packed).AsInt32()).AsVector4()

    /// Writes a pixel, rounded; alpha is kept within 0 to 255 and the colours within 0 to alpha.
    let inline store (bytes: byte[]) (at: int) (pixel: Vector4) : unit =
        let alpha = max 0f (min 255f pixel.W)
        let kept = Vector4.Max(Vector4.Zero, Vector4.Min(pixel, Vector4 alpha))
        let whole = Vector128.ConvertToInt32((kept + Vector4 0.5f).AsVector128()).AsUInt32()
        let words = Vector128.Narrow(whole, whole)
        Unsafe.WriteUnaligned(&bytes[at], Vector128.Narrow(words, words).AsUInt32().ToScalar())
