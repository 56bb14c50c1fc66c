namespace MetricLearning

open System
open MetricLearning.Ranges

/// The choice of the rows of other labels that are hard negatives of a row: those at some ranks, by cosine similarity, but for those that are too similar to
/// be believed. A number out of range is an ArgumentException that names it.
[<Sealed>]
type HardNegativeOptions() =
    let mutable skipNearest = 0
    let mutable count = 10
    let mutable maxSimilarity = Nullable<float>()
    let mutable relativeMargin = Nullable<float>()

    /// The number of the most similar rows that are passed over; 0 by default. Where labels are wrong now and then, these are the likeliest to be.
    member _.SkipNearest
        with get (): int = skipNearest
        and set (value: int) =
            atLeast 0L "SkipNearest" (int64 value)
            skipNearest <- value

    /// The number of rows after those that are taken, from 1; 10 by default.
    member _.Count
        with get (): int = count
        and set (value: int) =
            atLeast 1L "Count" (int64 value)
            count <- value

    /// The largest cosine similarity of a negative, from −1 to 1; null, the default, for any. Of the rows that are taken, more similar ones
    /// are left out.
    member _.MaxSimilarity
        with get (): Nullable<float> = maxSimilarity
        and set (value: Nullable<float>) =
            if value.HasValue then
                within -1.0 1.0 "MaxSimilarity" value.Value

            maxSimilarity <- value

    /// The part of the similarity to the nearest row of the same label that a negative must stay below it, from 0 to 1: with 0.05 it may
    /// have 95 % of that similarity (as in Moreira et al. 2024, "NV-Retriever"). Null, the default: any similarity. A row that is alone
    /// with its label has no such limit.
    member _.RelativeMargin
        with get (): Nullable<float> = relativeMargin
        and set (value: Nullable<float>) =
            if value.HasValue then
                within 0.0 1.0 "RelativeMargin" value.Value

            relativeMargin <- value

    /// The same numbers, which nobody else changes; the defaults for null.
    static member internal CopyOf(options: HardNegativeOptions | null) : HardNegativeOptions =
        match options with
        | null -> HardNegativeOptions()
        | given ->
            HardNegativeOptions(
                SkipNearest = given.SkipNearest,
                Count = given.Count,
                MaxSimilarity = given.MaxSimilarity,
                RelativeMargin = given.RelativeMargin
            )
