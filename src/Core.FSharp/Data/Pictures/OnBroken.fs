namespace MetricLearning

open System.Collections.Concurrent
open System.Threading.Tasks

/// The treatment of files that are no pictures, are damaged, or are larger than the limit.
type OnBroken =
    /// Nothing in advance: reading such a file is an error that names it.
    | Fail = 0
    /// Every file is decoded once, on all processors, before anything else, and broken ones are left out and listed.
    | Skip = 1

/// A file that was left out of a set of pictures.
[<Sealed>]
type SkippedPicture internal (path: string, reason: string) =

    /// The file.
    member _.Path = path

    /// The reason, in words.
    member _.Reason = reason

    /// Path and reason.
    override _.ToString() = $"{path}: {reason}"

module internal BrokenPictures =

    /// For each broken file, its place and what is wrong with it, in the order of files.
    let find (count: int) (path: int -> string) (maxPixels: int64) : struct (int * string)[] =
        let broken = ConcurrentBag<struct (int * string)>()

        Parallel.For(
            0,
            count,
            fun index ->
                let path = path index

                try
                    Decoding.decode path (Decoding.read path) 0 maxPixels |> ignore
                with :? PictureException as error ->
                    broken.Add(struct (index, error.Reason))
        )
        |> ignore

        broken.ToArray() |> Array.sortBy (fun struct (index, _) -> index)
