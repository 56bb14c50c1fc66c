namespace MetricLearning

open System
open System.Buffers
open System.Numerics

/// Resizing by a triangle filter as wide as a pixel of the coarser picture: nothing of the source is skipped, however small the
/// result. The work is in proportion to the pixels of source and result, whatever their shapes.
module internal Resize =

    // For each place of the result, which places of the source count, and how much.
    [<NoComparison; ReferenceEquality>]
    type private Taps =
        {
            First: int[]
            /// A row of `Count` for each place.
            Weights: float32[]
            Count: int
        }

    // Places of the part about the middle of `total` places, of the given length, resized to `until`. No place beside the part
    // counts.
    let private taps (length: float) (total: int) (until: int) : Taps =
        let start = 0.5 * (float total - length)
        let least, most = int (floor start), int (ceil (start + length))
        let ratio = length / float until
        let reach = max 1.0 ratio
        let count = min (most - least) (int (ceil (2.0 * reach)) + 1)

        let first =
            Array.init until (fun place ->
                let middle = start + (float place + 0.5) * ratio
                max least (min (most - count) (int (ceil (middle - reach - 0.5)))))

        let weights =
            [|
                for place in 0 .. until - 1 do
                    let middle = start + (float place + 0.5) * ratio

                    let weights =
                        Array.init count (fun tap ->
                            max 0.0 (1.0 - abs (float (first[place] + tap) + 0.5 - middle) / reach))

                    let sum = Array.sum weights
                    yield! weights |> Array.map (fun weight -> float32 (weight / sum))
            |]

        {
            First = first
            Weights = weights
            Count = count
        }

    // A row of the source, with fewer pixels where the result has fewer.
    let private narrowed (source: Picture) (y: int) (across: Taps) (narrows: bool) (row: Span<Vector4>) =
        let start = y * source.Width

        if not narrows then
            for x in 0 .. row.Length - 1 do
                row[x] <- PixelVectors.load source.Bytes (4 * (start + x))
        else
            for x in 0 .. row.Length - 1 do
                let mutable sum = Vector4.Zero
                let from = 4 * (start + across.First[x])
                let weights = across.Count * x

                for tap in 0 .. across.Count - 1 do
                    sum <-
                        sum
                        + PixelVectors.load source.Bytes (from + 4 * tap) * across.Weights[weights + tap]

                row[x] <- sum

    let private widened (row: Span<Vector4>) (across: Taps) (x: int) : Vector4 =
        let mutable sum = Vector4.Zero

        for tap in 0 .. across.Count - 1 do
            sum <- sum + row[across.First[x] + tap] * across.Weights[across.Count * x + tap]

        sum

    let private resized
        (source: Picture)
        (down: Taps)
        (across: Taps)
        height
        width
        (sums: Span<Vector4>)
        (row: Span<Vector4>)
        =
        let narrows = width < source.Width
        let middle = row.Length
        sums.Clear()
        let mutable next = 0

        for y in down.First[0] .. down.First[height - 1] + down.Count - 1 do
            narrowed source y across narrows row

            while next < height && down.First[next] + down.Count <= y do
                next <- next + 1

            let mutable place = next

            while place < height && down.First[place] <= y do
                let weight = down.Weights[down.Count * place + y - down.First[place]]

                if weight > 0f then
                    let sum = sums.Slice(place * middle, middle)

                    for x in 0 .. middle - 1 do
                        sum[x] <- sum[x] + row[x] * weight

                place <- place + 1

        let bytes = GC.AllocateUninitializedArray<byte>(4 * height * width)

        for y in 0 .. height - 1 do
            let sum = sums.Slice(y * middle, middle)

            for x in 0 .. width - 1 do
                PixelVectors.store bytes (4 * (y * width + x)) (if middle = width then sum[x] else widened sum across x)

        Picture(height, width, bytes)

    /// The part of the picture of the given height and width about its middle, stretched to the size.
    let middle (source: Picture) (partHeight: float) (partWidth: float) (height: int) (width: int) : Picture =
        let down = taps partHeight source.Height height
        let across = taps partWidth source.Width width
        let middle = min width source.Width
        let sums = ArrayPool<Vector4>.Shared.Rent(height * middle)
        let row = ArrayPool<Vector4>.Shared.Rent middle

        try
            resized source down across height width (sums.AsSpan(0, height * middle)) (row.AsSpan(0, middle))
        finally
            ArrayPool.Shared.Return sums
            ArrayPool.Shared.Return row

    /// The whole picture, stretched to the size.
    let stretch (source: Picture) (height: int) (width: int) : Picture =
        if source.Height = height && source.Width = width then
            source
        else
            middle source (float source.Height) (float source.Width) height width
