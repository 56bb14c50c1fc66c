namespace MetricLearning

open System
open System.Numerics
open SkiaSharp

module internal PictureSize =

    /// ArgumentException if there is no picture of these sizes.
    let check (height: int) (width: int) : unit =
        Ranges.atLeast 1L (nameof height) (int64 height)
        Ranges.atLeast 1L (nameof width) (int64 width)
        // Four bytes a pixel must fit an array.
        let most = int64 Array.MaxLength / 4L
        Ranges.require "height × width" (int64 height * int64 width <= most) $"at most {most}" $"{height} × {width}"

/// A picture in memory, which never changes: rows of pixels from the top, each of four bytes: red, green, blue and alpha, the
/// colours multiplied by alpha (so no colour is above its alpha, and a transparent pixel is four zeros).
[<Sealed>]
type Picture internal (height: int, width: int, bytes: byte[]) =

    let mean =
        lazy
            (let sum = PixelVectors.sum bytes
             if sum.W = 0f then Vector4.UnitW else sum / sum.W)

    /// Rows of pixels.
    member _.Height: int = height

    /// Pixels of a row.
    member _.Width: int = width

    /// Height × width × 4 bytes, row by row.
    member _.Pixels: ReadOnlyMemory<byte> = ReadOnlyMemory bytes

    member internal _.Bytes: byte[] = bytes

    // The mean colour where the picture is not transparent, its alpha 1.
    member internal _.Mean: Vector4 = mean.Value

    /// A picture of height × width × 4 bytes as `Pixels` has them, which are copied. A colour above its alpha becomes its alpha.
    static member FromPixels(height: int, width: int, pixels: ReadOnlySpan<byte>) : Picture =
        PictureSize.check height width

        if int64 pixels.Length <> 4L * int64 height * int64 width then
            invalidArg
                (nameof pixels)
                $"A picture of {height} × {width} pixels has {4L * int64 height * int64 width} bytes, not {pixels.Length}."

        let bytes = pixels.ToArray()

        for at in 0..4 .. bytes.Length - 4 do
            let alpha = bytes[at + 3]

            if alpha < 255uy then
                for channel in at .. at + 2 do
                    bytes[channel] <- min bytes[channel] alpha

        Picture(height, width, bytes)

    /// The picture as a PNG file.
    member _.ToPng() : byte[] =
        let info = SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Premul)
        use image = SKImage.FromPixelCopy(info, ReadOnlySpan bytes)
        use data = image.Encode(SKEncodedImageFormat.Png, 100)
        data.ToArray()
