namespace MetricLearning

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// A pixel as four numbers of 0 to 255.
module internal PixelVectors =

    /// The pixel at a place of the bytes.
    let inline load (bytes: byte[]) (at: int) : Vector4 =
        let packed =
            Vector128.CreateScalar(Unsafe.ReadUnaligned<uint32>(&bytes[at])).AsByte()

        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower packed).AsInt32()).AsVector4()

    /// The pixel at the place and the one after it.
    let inline pair (bytes: byte[]) (at: int) : Vector256<float32> =
        let packed =
            Vector128.CreateScalar(Unsafe.ReadUnaligned<uint64>(&bytes[at])).AsByte()

        let struct (left, right) = Vector128.Widen(Vector128.WidenLower packed)
        Vector256.ConvertToSingle(Vector256.Create(left, right).AsInt32())

    /// As many pixels as there is room for, from the place on.
    let unpack (bytes: byte[]) (at: int) (pixels: Span<Vector4>) : unit =
        let pairs = MemoryMarshal.Cast<Vector4, Vector256<float32>> pixels

        for place in 0 .. pairs.Length - 1 do
            pairs[place] <- pair bytes (at + 8 * place)

        if pixels.Length % 2 = 1 then
            pixels[pixels.Length - 1] <- load bytes (at + 4 * (pixels.Length - 1))

    /// The sum of all pixels.
    let sum (bytes: byte[]) : Vector4 =
        let mutable pairs = Vector256<float32>.Zero

        for at in 0..8 .. bytes.Length - 8 do
            pairs <- pairs + pair bytes at

        let both = (pairs.GetLower() + pairs.GetUpper()).AsVector4()

        if bytes.Length % 8 = 4 then
            both + load bytes (bytes.Length - 4)
        else
            both

    /// The mean of the pixel at the place and the one after it, the latter weighted by `right`, and the two `under` bytes
    /// further on, weighted by `below`.
    let inline between (bytes: byte[]) (at: int) (under: int) (right: float32) (below: float32) : Vector4 =
        let upper = pair bytes at
        let mixed = upper + (pair bytes (at + under) - upper) * below
        let left = mixed.GetLower().AsVector4()
        left + (mixed.GetUpper().AsVector4() - left) * right

    /// Writes a pixel, rounded; alpha is kept within 0 to 255 and the colours within 0 to alpha.
    let inline store (bytes: byte[]) (at: int) (pixel: Vector4) : unit =
        let bounded = Vector4.Max(Vector4.Zero, Vector4.Min(pixel, Vector4 255f))
        let kept = Vector4.Min(bounded, Vector4 bounded.W)

        let whole =
            Vector128.ConvertToInt32Native((kept + Vector4 0.5f).AsVector128()).AsUInt32()

        let words = Vector128.Narrow(whole, whole)
        Unsafe.WriteUnaligned(&bytes[at], Vector128.Narrow(words, words).AsUInt32().ToScalar())
