module MetricLearning.Core.Tests.Support.PictureBytesByHand

open System
open System.Buffers.Binary
open System.IO
open System.IO.Compression
open System.IO.Hashing
open SkiaSharp
open MetricLearning

/// Pixels as red, green, blue and alpha, the colours not multiplied by it.
type Pixel = byte * byte * byte * byte

let private big (value: int) =
    let bytes = Array.zeroCreate 4
    BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(), value)
    bytes

let private little (size: int) (value: int) =
    Array.init size (fun place -> byte (value >>> (8 * place)))

/// A PNG of the given bit depth and colour type, whose rows are already as the format has them.
let png (bits: int) (kind: int) (height: int) (width: int) (row: int -> byte[]) : byte[] =
    let chunk (name: string) (data: byte[]) =
        let content = Array.append (Text.Encoding.ASCII.GetBytes name) data
        let sum = Crc32.HashToUInt32(ReadOnlySpan content)
        Array.concat [ big data.Length; content; big (int sum) ]

    use packed = new MemoryStream()

    using (new ZLibStream(packed, CompressionLevel.Fastest, true)) (fun zip ->
        for y in 0 .. height - 1 do
            zip.WriteByte 0uy
            zip.Write(ReadOnlySpan(row y)))

    Array.concat
        [
            [| 0x89uy; 0x50uy; 0x4Euy; 0x47uy; 0x0Duy; 0x0Auy; 0x1Auy; 0x0Auy |]
            chunk "IHDR" (Array.concat [ big width; big height; [| byte bits; byte kind; 0uy; 0uy; 0uy |] ])
            chunk "IDAT" (packed.ToArray())
            chunk "IEND" [||]
        ]

/// A PNG of red, green, blue and alpha.
let rgba (height: int) (width: int) (at: int -> int -> Pixel) : byte[] =
    png 8 6 height width (fun y ->
        [|
            for x in 0 .. width - 1 do
                let r, g, b, a = at y x
                yield! [| r; g; b; a |]
        |])

/// A BMP of 24 bits a pixel.
let bmp (height: int) (width: int) (at: int -> int -> Pixel) : byte[] =
    let stride = (3 * width + 3) / 4 * 4

    let rows =
        [|
            for y in height - 1 .. -1 .. 0 do
                let row = Array.zeroCreate<byte> stride

                for x in 0 .. width - 1 do
                    let r, g, b, _ = at y x
                    row[3 * x] <- b
                    row[3 * x + 1] <- g
                    row[3 * x + 2] <- r

                yield! row
        |]

    Array.concat
        [
            "BM"B
            little 4 (54 + rows.Length)
            little 4 0
            little 4 54
            little 4 40
            little 4 width
            little 4 height
            little 2 1
            little 2 24
            little 4 0
            little 4 rows.Length
            Array.zeroCreate 16
            rows
        ]

/// A GIF of frames of palette indices, the palette black, red, green, blue. Codes of four bits, the dictionary cleared before it
/// grows.
let gif (height: int) (width: int) (frames: (int -> int -> int) list) : byte[] =
    let frame (at: int -> int -> int) =
        let codes =
            [|
                for place in 0 .. height * width - 1 do
                    // Every code but the first after a clear adds an entry; at eight they would need four bits.
                    if place % 2 = 0 then
                        4

                    at (place / width) (place % width)

                5
            |]

        let bits =
            codes
            |> Array.collect (fun code -> Array.init 3 (fun bit -> (code >>> bit) &&& 1))

        let data =
            bits
            |> Array.chunkBySize 8
            |> Array.map (fun bits -> bits |> Array.mapi (fun place bit -> bit <<< place) |> Array.sum |> byte)

        Array.concat
            [
                [| 0x2Cuy |]
                Array.zeroCreate 4
                little 2 width
                little 2 height
                [| 0uy; 2uy |]
                data
                |> Array.chunkBySize 255
                |> Array.collect (fun block -> Array.append [| byte block.Length |] block)
                [| 0uy |]
            ]

    Array.concat
        [
            "GIF89a"B
            little 2 width
            little 2 height
            [| 0x91uy; 0uy; 0uy |]
            [| 0uy; 0uy; 0uy; 255uy; 0uy; 0uy; 0uy; 255uy; 0uy; 0uy; 0uy; 255uy |]
            yield! frames |> List.map frame
            [| 0x3Buy |]
        ]

/// The picture as SkiaSharp writes it.
let encoded (format: SKEncodedImageFormat) (height: int) (width: int) (at: int -> int -> Pixel) : byte[] =
    use bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul)

    for y in 0 .. height - 1 do
        for x in 0 .. width - 1 do
            let r, g, b, a = at y x
            bitmap.SetPixel(x, y, SKColor(r, g, b, a))

    use data = bitmap.Encode(format, 100)
    data.ToArray()

/// The JPEG with an EXIF block that says how it was held.
let oriented (orientation: int) (jpeg: byte[]) : byte[] =
    let exif =
        Array.concat
            [
                "Exif\000\000"B
                "MM\000\042"B
                big 8
                [| 0uy; 1uy; 1uy; 0x12uy; 0uy; 3uy |]
                big 1
                [| 0uy; byte orientation; 0uy; 0uy |]
                big 0
            ]

    let length = exif.Length + 2

    Array.concat
        [
            jpeg[..1]
            [| 0xFFuy; 0xE1uy; byte (length >>> 8); byte length |]
            exif
            jpeg[2..]
        ]

/// Random pixels, of which some are transparent.
let random (number: int) (height: int) (width: int) : Picture =
    let seed = Seed.ofInt64 (int64 number)

    let bytes =
        Array.init (4 * height * width) (fun place ->
            if place % 4 = 3 && Seed.bits (int64 place) seed % 3UL > 0UL then
                255uy
            else
                byte (Seed.bits (int64 place) seed))

    Picture.FromPixels(height, width, ReadOnlySpan bytes)
