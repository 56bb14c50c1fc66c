namespace MetricLearning

open System
open System.Buffers
open System.Numerics

/// Resizing by a triangle filter as wide as a pixel of the coarser picture, first along rows, then along columns: nothing of
/// the source is skipped, however small the result.
module internal Resize =

    [<Struct>]
    type private Taps =
        {
            First: int[]
            Weights: float32[]
            Width: int
        }

    let private taps (from: int) (until: int) : Taps =
        let ratio = float from / float until
        let reach = max 1.0 ratio
        let width = int (ceil (2.0 * reach)) + 1
        let first = Array.zeroCreate<int> until
        let weights = Array.zeroCreate<float32>(until * width)

        for place in 0 .. until - 1 do
            let middle = (float place + 0.5) * ratio
            let start = max 0 (min (from - width) (int (ceil (middle - reach - 0.5))))
            first[place] <- start
            let mutable total = 0.0

            let weight tap =
                if start + tap < from then
                    max 0.0 (1.0 - abs (float (start + tap) + 0.5 - middle) / reach)
                else
                    0.0

            for tap in 0 .. width - 1 do
                total <- total + weight tap

            for tap in 0 .. width - 1 do
                weights[place * width + tap] <- float32 (weight tap / total)

        {
            First = first
            Weights = weights
            Width = min width from
        }

    /// The whole picture, stretched to the size.
    let stretch (source: Picture) (height: int) (width: int) : Picture =
        if source.Height = height && source.Width = width then
            source
        else
            let across, down = taps source.Width width, taps source.Height height

            let strideAcross, strideDown =
                across.Weights.Length / width, down.Weights.Length / height

            let rows = ArrayPool<Vector4>.Shared.Rent(source.Height * width)

            try
                for y in 0 .. source.Height - 1 do
                    for x in 0 .. width - 1 do
                        let mutable sum = Vector4.Zero
                        let start = y * source.Width + across.First[x]

                        for tap in 0 .. across.Width - 1 do
                            sum <-
                                sum
                                + PixelVectors.load source.Bytes (4 * (start + tap))
                                  * across.Weights[x * strideAcross + tap]

                        rows[y * width + x] <- sum

                let bytes = GC.AllocateUninitializedArray<byte>(4 * height * width)

                for y in 0 .. height - 1 do
                    for x in 0 .. width - 1 do
                        let mutable sum = Vector4.Zero

                        for tap in 0 .. down.Width - 1 do
                            sum <-
                                sum
                                + rows[(down.First[y] + tap) * width + x] * down.Weights[y * strideDown + tap]

                        PixelVectors.store bytes (4 * (y * width + x)) sum

                Picture(height, width, bytes)
            finally
                ArrayPool.Shared.Return rows
