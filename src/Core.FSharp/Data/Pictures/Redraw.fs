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

    let inline private colored (recolors: bool) (colors: Matrix4x4) (pixel: Vector4) : Vector4 =
        if recolors then Vector4.Transform(pixel, colors) else pixel

    let private whole (source: Picture) (bytes: byte[]) height width (toSource: Matrix3x2) (colors: Matrix4x4) =
        let recolors = not colors.IsIdentity
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

                PixelVectors.store bytes (4 * (y * width + x)) (colored recolors colors pixel)

    let private between (source: Picture) (bytes: byte[]) height width (toSource: Matrix3x2) (colors: Matrix4x4) =
        let recolors = not colors.IsIdentity
        let pixels = source.Bytes
        let lastRow, lastColumn = source.Height - 1, source.Width - 1

        let inline at row column =
            if uint row <= uint lastRow && uint column <= uint lastColumn then
                PixelVectors.load pixels (4 * (row * source.Width + column))
            else
                Vector4.Zero

        for y in 0 .. height - 1 do
            // A pixel's colour is that of its middle.
            let start =
                Vector2.Transform(Vector2(0.5f, float32 y + 0.5f), toSource) - Vector2 0.5f

            for x in 0 .. width - 1 do
                let placeX = start.X + toSource.M11 * float32 x
                let placeY = start.Y + toSource.M12 * float32 x
                let left, top = floor placeX, floor placeY
                let column, row = int left, int top

                let pixel =
                    if column < -1 || row < -1 || column > lastColumn || row > lastRow then
                        Vector4.Zero
                    else
                        let right, below = placeX - left, placeY - top
                        let inside = column >= 0 && row >= 0 && column < lastColumn && row < lastRow

                        let struct (a, b, c, d) =
                            if inside then
                                let corner = 4 * (row * source.Width + column)
                                let under = corner + 4 * source.Width

                                struct (PixelVectors.load pixels corner,
                                        PixelVectors.load pixels (corner + 4),
                                        PixelVectors.load pixels under,
                                        PixelVectors.load pixels (under + 4))
                            else
                                struct (at row column,
                                        at row (column + 1),
                                        at (row + 1) column,
                                        at (row + 1) (column + 1))

                        let upper = a + (b - a) * right
                        let lower = c + (d - c) * right
                        upper + (lower - upper) * below

                PixelVectors.store bytes (4 * (y * width + x)) (colored recolors colors pixel)

    /// A picture of the given size whose point p shows the source's point p · toSource, its pixels multiplied by the matrix of
    /// colours. What lies outside of the source is transparent.
    let draw (source: Picture) (height: int) (width: int) (toSource: Matrix3x2) (colors: Matrix4x4) : Picture =
        let struct (source, toSource) = coarse source toSource
        let bytes = GC.AllocateUninitializedArray<byte>(4 * height * width)

        if movesWholePixels toSource then
            whole source bytes height width toSource colors
        else
            between source bytes height width toSource colors

        Picture(height, width, bytes)
