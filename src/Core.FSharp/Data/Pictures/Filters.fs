namespace MetricLearning

open System
open System.Buffers
open System.Drawing
open System.Numerics
open MetricLearning.Core

/// Changes that look at several pixels, or at what lies behind them.
module internal Filters =

    let private opaque (color: Color) : Vector4 =
        Vector4(float32 color.R, float32 color.G, float32 color.B, 255f)

    let inline private eachPixel (picture: Picture) ([<InlineIfLambda>] change: Vector4 -> Vector4) : Picture =
        let bytes = GC.AllocateUninitializedArray<byte> picture.Bytes.Length

        for at in 0..4 .. bytes.Length - 4 do
            PixelVectors.store bytes at (change (PixelVectors.load picture.Bytes at))

        Picture(picture.Height, picture.Width, bytes)

    /// The picture on a colour, opaque.
    let on (color: Color) (picture: Picture) : Picture =
        let behind = opaque color

        eachPixel picture (fun pixel -> pixel + behind * (1f - pixel.W / 255f))

    // One direction of a blur: `length` pixels `step` apart, for each of the lines that `starts` names.
    let private line (from: Vector4[]) (into: Vector4[]) (start: int) (step: int) (length: int) (weights: float32[]) =
        let reach = weights.Length - 1

        for place in 0 .. length - 1 do
            let inline at other =
                from[start + step * max 0 (min (length - 1) other)]

            let mutable sum = at place * weights[0]

            for distance in 1..reach do
                sum <- sum + (at (place - distance) + at (place + distance)) * weights[distance]

            into[start + step * place] <- sum

    /// Blurred by a Gaussian of this standard deviation in pixels, cut off at three of them.
    let blur (deviation: float32) (picture: Picture) : Picture =
        let height, width = picture.Height, picture.Width
        let reach = max 1 (int (ceil (3f * deviation)))

        let weights =
            Array.init (reach + 1) (fun distance ->
                exp (-0.5f * float32 (distance * distance) / (deviation * deviation)))

        let total = 2f * Array.sum weights - weights[0]
        let weights = weights |> Array.map (fun weight -> weight / total)
        let first = ArrayPool<Vector4>.Shared.Rent(height * width)
        let second = ArrayPool<Vector4>.Shared.Rent(height * width)

        try
            for place in 0 .. height * width - 1 do
                first[place] <- PixelVectors.load picture.Bytes (4 * place)

            for row in 0 .. height - 1 do
                line first second (row * width) 1 width weights

            for column in 0 .. width - 1 do
                line second first column width height weights

            let bytes = GC.AllocateUninitializedArray<byte> picture.Bytes.Length

            for place in 0 .. height * width - 1 do
                PixelVectors.store bytes (4 * place) first[place]

            Picture(height, width, bytes)
        finally
            ArrayPool.Shared.Return first
            ArrayPool.Shared.Return second

    /// With a part, of whole pixels and at least one of them, in one colour, or transparent.
    let erase (part: RandomPart) (color: Color) (picture: Picture) : Picture =
        let bytes = Array.copy picture.Bytes
        let pixel = opaque color * (float32 color.A / 255f)

        // From the first to the last pixel of the part, along one side.
        let ends (start: float32) (length: float32) (all: int) =
            let first = min (all - 1) (int (round start))
            struct (first, max first (min all (int (round (start + length))) - 1))

        let struct (top, bottom) = ends part.Top part.Height picture.Height
        let struct (left, right) = ends part.Left part.Width picture.Width

        for row in top..bottom do
            for column in left..right do
                PixelVectors.store bytes (4 * (row * picture.Width + column)) pixel

        Picture(picture.Height, picture.Width, bytes)

    /// Dark lines on white where the picture, on white, changes: the larger the change (Sobel's operator) the darker.
    let outline (strength: float32) (picture: Picture) : Picture =
        let height, width = picture.Height, picture.Width
        let light = ArrayPool<float32>.Shared.Rent(height * width)

        try
            for place in 0 .. height * width - 1 do
                let pixel = PixelVectors.load picture.Bytes (4 * place)
                light[place] <- ColorMatrices.brightnessOf pixel + 255f - pixel.W

            let bytes = GC.AllocateUninitializedArray<byte> picture.Bytes.Length

            for y in 0 .. height - 1 do
                let above, here, below =
                    max 0 (y - 1) * width, y * width, min (height - 1) (y + 1) * width

                for x in 0 .. width - 1 do
                    let left, right = max 0 (x - 1), min (width - 1) (x + 1)

                    let across =
                        light[above + right] - light[above + left]
                        + 2f * (light[here + right] - light[here + left])
                        + light[below + right]
                        - light[below + left]

                    let down =
                        light[below + left] - light[above + left]
                        + 2f * (light[below + x] - light[above + x])
                        + light[below + right]
                        - light[above + right]

                    let lightness = 255f - strength * 0.25f * sqrt (across * across + down * down)
                    PixelVectors.store bytes (4 * (here + x)) (Vector4(lightness, lightness, lightness, 255f))

            Picture(height, width, bytes)
        finally
            ArrayPool.Shared.Return light
