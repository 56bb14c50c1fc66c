namespace MetricLearning

open System.Collections.Concurrent
open System.Threading

/// Pictures that were read, by path, as long as there is room. None makes room for another: of a data set that is larger than
/// the budget, each pass finds the same part.
[<Sealed>]
type internal PictureCache(budget: int64) =
    let pictures = ConcurrentDictionary<string, Picture>()
    let mutable used = 0L

    // The bytes of its pixels and of the path, and some for the objects themselves.
    static let sizeOf (path: string) (picture: Picture) =
        int64 picture.Bytes.Length + 2L * int64 path.Length + 250L

    /// Bytes in use.
    member _.Used: int64 = Interlocked.Read &used

    /// The picture of the path. Several threads may read the same one at once.
    member _.Get(path: string, read: string -> Picture) : Picture =
        match pictures.TryGetValue path with
        | true, picture -> picture
        | _ ->
            let picture = read path
            let size = sizeOf path picture

            if Interlocked.Add(&used, size) > budget || not (pictures.TryAdd(path, picture)) then
                Interlocked.Add(&used, -size) |> ignore

            picture
