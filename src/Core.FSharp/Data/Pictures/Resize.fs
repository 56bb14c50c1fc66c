namespace MetricLearning

open System
open System.Buffers
open System.Numerics
open System.Runtime.InteropServices

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
        // An open interval of this length holds at most as many whole numbers.
        let count = min (most - least) (int (ceil (2.0 * reach)))
        let first = Array.zeroCreate<int> until
        let weights = Array.zeroCreate<float32>(count * until)

        for place in 0 .. until - 1 do
            let middle = start + (float place + 0.5) * ratio
            first[place] <- max least (min (most - count) (int (ceil (middle - reach - 0.5))))

            let weight tap =
                max 0.0 (1.0 - abs (float (first[place] + tap) + 0.5 - middle) / reach)

            let mutable sum = 0.0

            for tap in 0 .. count - 1 do
                sum <- sum + weight tap

            for tap in 0 .. count - 1 do
                weights[count * place + tap] <- float32 (weight tap / sum)

        {
            First = first
            Weights = weights
            Count = count
        }

    // The pixel of the result at x, from those of a row.
    let private mixed (row: Span<Vector4>) (across: Taps) (x: int) : Vector4 =
        let weights = ReadOnlySpan(across.Weights, across.Count * x, across.Count)
        let counted = row.Slice(across.First[x], across.Count)
        let mutable sum = counted[0] * weights[0]

        for tap in 1 .. counted.Length - 1 do
            sum <- sum + counted[tap] * weights[tap]

        sum

    // The sums of each column that a row of the source counts for, from the first one on that is not complete.
    let private add (row: Span<Vector4>) (y: int) (down: Taps) (first: int) (sums: Span<Vector4>) : unit =
        let mutable place = first

        while place < down.First.Length && down.First[place] <= y do
            let weight = down.Weights[down.Count * place + y - down.First[place]]
            let sum = sums.Slice(place * row.Length, row.Length)

            // As many numbers at once as the processor adds.
            let wide = MemoryMarshal.Cast<Vector4, Vector<float32>> sum
            let wideRow = MemoryMarshal.Cast<Vector4, Vector<float32>> row

            for at in 0 .. wide.Length - 1 do
                wide[at] <- wide[at] + wideRow[at] * weight

            for x in wide.Length * Vector<float32>.Count / 4 .. sum.Length - 1 do
                sum[x] <- sum[x] + row[x] * weight

            place <- place + 1

    // Rows are made narrower before they are added up, and wider afterwards: `buffer` holds a row of the source and a narrower one.
    let private resized (source: Picture) (down: Taps) (across: Taps) (sums: Span<Vector4>) (buffer: Span<Vector4>) =
        let height, width = down.First.Length, across.First.Length
        let stored = buffer.Slice(0, source.Width)
        let narrow = buffer.Slice source.Width
        let isNarrower = width < source.Width
        let row = if isNarrower then narrow else stored
        sums.Clear()
        let mutable first = 0

        for y in down.First[0] .. down.First[height - 1] + down.Count - 1 do
            PixelVectors.unpack source.Bytes (4 * y * source.Width) stored

            if isNarrower then
                for x in 0 .. narrow.Length - 1 do
                    narrow[x] <- mixed stored across x

            while first < height && down.First[first] + down.Count <= y do
                first <- first + 1

            add row y down first sums

        let bytes = GC.AllocateUninitializedArray<byte>(4 * height * width)

        for y in 0 .. height - 1 do
            let sum = sums.Slice(y * row.Length, row.Length)

            for x in 0 .. width - 1 do
                let pixel = if isNarrower then sum[x] else mixed sum across x
                PixelVectors.store bytes (4 * (y * width + x)) pixel

        Picture(height, width, bytes)

    /// The part of the picture of the given height and width about its middle, stretched to the size.
    let middle (source: Picture) (partHeight: float) (partWidth: float) (height: int) (width: int) : Picture =
        let down = taps partHeight source.Height height
        let across = taps partWidth source.Width width
        let narrow = min width source.Width
        let sums = ArrayPool<Vector4>.Shared.Rent(height * narrow)
        let buffer = ArrayPool<Vector4>.Shared.Rent(source.Width + narrow)

        try
            resized source down across (sums.AsSpan(0, height * narrow)) (buffer.AsSpan(0, source.Width + narrow))
        finally
            ArrayPool.Shared.Return sums
            ArrayPool.Shared.Return buffer

    /// The whole picture, stretched to the size.
    let stretch (source: Picture) (height: int) (width: int) : Picture =
        if source.Height = height && source.Width = width then
            source
        else
            middle source (float source.Height) (float source.Width) height width
