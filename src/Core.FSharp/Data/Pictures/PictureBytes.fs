namespace MetricLearning

open System
open System.Buffers.Binary

/// The kind of picture that bytes are, by their first ones.
module internal PictureBytes =

    /// The endings of names of picture files.
    let extensions = [| ".png"; ".jpg"; ".jpeg"; ".webp"; ".bmp"; ".gif" |]

    /// The formats by name, for messages.
    let formats = "PNG, JPEG, WebP, BMP or GIF"

    // SkiaSharp knows more formats, such as cameras' raw files; none of them is a user's wish, and each is a door for damaged files.
    let isKnown (bytes: ReadOnlySpan<byte>) : bool =
        (bytes.Length >= 8
         && BinaryPrimitives.ReadUInt64BigEndian bytes = 0x89504E470D0A1A0AUL)
        || (bytes.Length >= 3
            && BinaryPrimitives.ReadUInt16BigEndian bytes = 0xFFD8us
            && bytes[2] = 0xFFuy)
        || (bytes.Length >= 12
            && bytes.StartsWith "RIFF"B
            && bytes.Slice(8).StartsWith "WEBP"B)
        || bytes.StartsWith "BM"B
        || bytes.StartsWith "GIF87a"B
        || bytes.StartsWith "GIF89a"B
