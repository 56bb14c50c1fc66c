namespace MetricLearning

open System.IO

/// A file that cannot be read, is no picture, is damaged, or is larger than was allowed.
[<Sealed>]
type PictureException internal (file: string, reason: string, inner: exn | null) =
    inherit IOException($"{file}: {reason}", inner)

    /// The file, or what the bytes were said to be.
    member _.File = file

    /// The reason, in words.
    member _.Reason = reason
