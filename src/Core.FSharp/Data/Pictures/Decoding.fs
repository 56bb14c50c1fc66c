namespace MetricLearning

open System
open System.IO
open System.Numerics
open System.Runtime.InteropServices
open SkiaSharp

/// Pictures out of files, by SkiaSharp.
module internal Decoding =

    let private broken (file: string) (reason: string) : 'T =
        raise (PictureException(file, reason, null))

    // From a point of the upright picture to the stored one of the given size (EXIF's eight orientations).
    let private toStored (origin: SKEncodedOrigin) (height: int) (width: int) : Matrix3x2 =
        let h, w = float32 height, float32 width

        match origin with
        | SKEncodedOrigin.TopRight -> Matrix3x2(-1f, 0f, 0f, 1f, w, 0f)
        | SKEncodedOrigin.BottomRight -> Matrix3x2(-1f, 0f, 0f, -1f, w, h)
        | SKEncodedOrigin.BottomLeft -> Matrix3x2(1f, 0f, 0f, -1f, 0f, h)
        | SKEncodedOrigin.LeftTop -> Matrix3x2(0f, 1f, 1f, 0f, 0f, 0f)
        | SKEncodedOrigin.RightTop -> Matrix3x2(0f, -1f, 1f, 0f, 0f, h)
        | SKEncodedOrigin.RightBottom -> Matrix3x2(0f, -1f, -1f, 0f, w, h)
        | SKEncodedOrigin.LeftBottom -> Matrix3x2(0f, 1f, -1f, 0f, w, 0f)
        | _ -> Matrix3x2.Identity

    let private turnsSideways (origin: SKEncodedOrigin) =
        origin >= SKEncodedOrigin.LeftTop && origin <= SKEncodedOrigin.LeftBottom

    let private upright (origin: SKEncodedOrigin) (stored: Picture) : Picture =
        if origin = SKEncodedOrigin.TopLeft then
            stored
        else
            let matrix = toStored origin stored.Height stored.Width

            if turnsSideways origin then
                Redraw.draw stored stored.Width stored.Height matrix Matrix4x4.Identity
            else
                Redraw.draw stored stored.Height stored.Width matrix Matrix4x4.Identity

    // A JPEG can be decoded at a fraction of its size; at least twice the wanted one leaves the resizing its choice.
    let private sizeFor (codec: SKCodec) (wanted: int) : SKSizeI =
        let whole = codec.Info.Size
        let least = min whole.Width whole.Height

        if wanted <= 0 || least < 4 * wanted then
            whole
        else
            let scaled = codec.GetScaledDimensions(2f * float32 wanted / float32 least)

            if min scaled.Width scaled.Height >= wanted then
                scaled
            else
                whole

    // Native code works on the bytes, which stay where they are meanwhile.
    let private pinned (bytes: byte[]) (act: nativeint -> 'T) : 'T =
        let handle = GCHandle.Alloc(bytes, GCHandleType.Pinned)

        try
            act (handle.AddrOfPinnedObject())
        finally
            handle.Free()

    let private pixels (file: string) (codec: SKCodec) (size: SKSizeI) : Picture =
        let bytes = GC.AllocateUninitializedArray<byte>(4 * size.Width * size.Height)

        let info =
            SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Premul)

        match pinned bytes (fun address -> codec.GetPixels(info, address)) with
        | SKCodecResult.Success -> Picture(size.Height, size.Width, bytes)
        | SKCodecResult.IncompleteInput -> broken file "the picture is cut off: the file ends before its last row."
        | SKCodecResult.ErrorInInput -> broken file "the picture is damaged."
        | other -> broken file $"the picture cannot be decoded ({other})."

    /// The picture in the bytes: upright, in full size, or in a smaller one, not below `wanted` rows and columns, if that is
    /// cheaper (0: always in full). PictureException, naming the file, for bytes that are no whole picture or hold more pixels
    /// than the limit, which are refused before they are decoded.
    let decode (file: string) (bytes: byte[]) (wanted: int) (maxPixels: int64) : Picture =
        if bytes.Length = 0 then
            broken file "the file is empty."

        if not (PictureBytes.isKnown (ReadOnlySpan bytes)) then
            broken file $"it is no {PictureBytes.formats} picture."

        pinned bytes (fun address ->
            use data = SKData.Create(address, bytes.Length)

            match SKCodec.Create data with
            | null -> broken file "the picture is damaged: its head cannot be read."
            | codec ->
                use codec = codec
                let width, height = codec.Info.Width, codec.Info.Height

                if width < 1 || height < 1 then
                    broken file $"the picture has {height} × {width} pixels."

                if int64 width * int64 height > min maxPixels (int64 Array.MaxLength / 4L) then
                    broken
                        file
                        $"the picture has {height} × {width} pixels, more than the limit of {maxPixels}: raise MaxPixels if it is meant to be so large."

                pixels file codec (sizeFor codec wanted) |> upright codec.EncodedOrigin)

    /// The bytes of a file. PictureException, naming it, if it cannot be read.
    let read (path: string) : byte[] =
        try
            File.ReadAllBytes path
        with
        | :? IOException
        | :? UnauthorizedAccessException as error ->
            raise (PictureException(path, $"the file cannot be read: {error.Message}", error))
