namespace MetricLearning

open System
open System.Numerics

/// Drawing a picture anew: each pixel taken from a place of the source, and its colour changed.
module internal Redraw =

    // Half as many rows and columns, each pixel the mean of four.
    let private halved (source: Picture) : Picture =
        let height, width = (source.Height + 1) / 2, (source.Width + 1) / 2
        let bytes = GC.AllocateUninitializedArray<byte>(4 * height * width)

        for y in 0 .. height - 1 do
            let upper = 2 * y * source.Width
            let lower = min (2 * y + 1) (source.Height - 1) * source.Width

            for x in 0 .. width - 1 do
                let left, right = 2 * x, min (2 * x + 1) (source.Width - 1)

                let inline at place =
                    PixelVectors.load source.Bytes (4 * place)

                PixelVectors.store
                    bytes
                    (4 * (y * width + x))
                    (0.25f
                     * (at (upper + left) + at (upper + right) + at (lower + left) + at (lower + right)))

        Picture(height, width, bytes)

    // Linear interpolation between four pixels skips some where the source is more than twice as fine.
    let rec private coarse (source: Picture) (toSource: Matrix3x2) : struct (Picture * Matrix3x2) =
        if source.Height > 1 && source.Width > 1 && abs (toSource.GetDeterminant()) >= 4f then
            coarse (halved source) (toSource * Matrix3x2.CreateScale 0.5f)
        else
            struct (source, toSource)

    // Whole pixels moved or mirrored need no interpolation.
    let private movesWholePixels (toSource: Matrix3x2) : bool =
        toSource.M12 = 0f
        && toSource.M21 = 0f
        && abs toSource.M11 = 1f
        && abs toSource.M22 = 1f
        && toSource.M31 = floor toSource.M31
        && toSource.M32 = floor toSource.M32

    // Rows of a matrix as values that stay in registers.
    let inline private colored (recolors: bool) (struct (red, green, blue, alpha)) (pixel: Vector4) : Vector4 =
        if recolors then
            (red: Vector4) * pixel.X
            + (green: Vector4) * pixel.Y
            + (blue: Vector4) * pixel.Z
            + (alpha: Vector4) * pixel.W
        else
            pixel

    let private rows (colors: Matrix4x4) =
        struct (colors.GetRow 0, colors.GetRow 1, colors.GetRow 2, colors.GetRow 3)

    let private whole (source: Picture) (bytes: byte[]) height width (toSource: Matrix3x2) (colors: Matrix4x4) =
        let recolors = not colors.IsIdentity
        let struct (red, green, blue, alpha) = rows colors
        let across = int toSource.M11
        let first = int toSource.M31 + (if across < 0 then -1 else 0)

        for y in 0 .. height - 1 do
            let row =
                int toSource.M22 * y + int toSource.M32 + (if toSource.M22 < 0f then -1 else 0)

            for x in 0 .. width - 1 do
                let column = first + across * x

                let pixel =
                    if uint row < uint source.Height && uint column < uint source.Width then
                        PixelVectors.load source.Bytes (4 * (row * source.Width + column))
                    else
                        Vector4.Zero

                PixelVectors.store
                    bytes
                    (4 * (y * width + x))
                    (colored recolors (struct (red, green, blue, alpha)) pixel)

    // Places in the source in units of 2⁻³², which are added and taken apart faster than floating-point numbers.
    let private fixedPoint (place: float32) : int64 = int64 (float place * 4294967296.0)

    let private fraction (place: int64) : float32 =
        float32 (int (place >>> 8) &&& 0xFFFFFF) * (1f / 16777216f)

    let private between (source: Picture) (bytes: byte[]) height width (toSource: Matrix3x2) (colors: Matrix4x4) =
        let recolors = not colors.IsIdentity
        let struct (red, green, blue, alpha) = rows colors
        let pixels = source.Bytes
        let row, column = 4 * source.Width, 4
        let lastRow, lastColumn = source.Height - 1, source.Width - 1
        let rightward, downward = fixedPoint toSource.M11, fixedPoint toSource.M12

        let inline at y x =
            if uint y <= uint lastRow && uint x <= uint lastColumn then
                PixelVectors.load pixels (row * y + column * x)
            else
                Vector4.Zero

        for y in 0 .. height - 1 do
            // A pixel's colour is that of its middle.
            let start = Vector2.Transform(Vector2(0.5f, float32 y + 0.5f), toSource)
            let mutable across = fixedPoint (start.X - 0.5f)
            let mutable along = fixedPoint (start.Y - 0.5f)

            for x in 0 .. width - 1 do
                let left, top = int (across >>> 32), int (along >>> 32)
                let mutable pixel = Vector4.Zero

                if uint left < uint lastColumn && uint top < uint lastRow then
                    pixel <-
                        PixelVectors.between pixels (row * top + column * left) row (fraction across) (fraction along)
                elif left >= -1 && top >= -1 && left <= lastColumn && top <= lastRow then
                    let right, below = fraction across, fraction along
                    let upper = at top left * (1f - right) + at top (left + 1) * right
                    let lower = at (top + 1) left * (1f - right) + at (top + 1) (left + 1) * right
                    pixel <- upper * (1f - below) + lower * below

                PixelVectors.store
                    bytes
                    (4 * (y * width + x))
                    (colored recolors (struct (red, green, blue, alpha)) pixel)

                across <- across + rightward
                along <- along + downward

    // Places in the source of more digits than `fixedPoint` has: what is left of the picture is less than a pixel.
    let private isTooSmall (toSource: Matrix3x2) (height: int) (width: int) : bool =
        let mostOf rightward downward start =
            abs rightward * float32 width + abs downward * float32 height + abs start

        not (
            mostOf toSource.M11 toSource.M21 toSource.M31 < 1e9f
            && mostOf toSource.M12 toSource.M22 toSource.M32 < 1e9f
        )

    /// A picture of the given size whose point p shows the source's point p · toSource, its pixels multiplied by the matrix of
    /// colours. What lies outside of the source is transparent.
    let draw (source: Picture) (height: int) (width: int) (toSource: Matrix3x2) (colors: Matrix4x4) : Picture =
        if isTooSmall toSource height width then
            Picture(height, width, Array.zeroCreate (4 * height * width))
        else
            let struct (source, toSource) = coarse source toSource
            let bytes = GC.AllocateUninitializedArray<byte>(4 * height * width)

            if movesWholePixels toSource then
                whole source bytes height width toSource colors
            else
                between source bytes height width toSource colors

            Picture(height, width, bytes)
