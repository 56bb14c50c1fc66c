/// Searches that are called by hand, without an index that has checked what it passes on.
module MetricLearning.Core.Tests.Inference.SearchByHandTests

open System
open Expecto
open TorchSharp
open MetricLearning

let private rows (count: int64) (width: int64) = torch.rand (count, width)

// Keys of an index of so many items.
let private keys (count: int) =
    IndexKeys(
        {
            Version = 0L
            Entries =
                [|
                    for key in 0 .. count - 1 -> IndexEntry(IndexItem(string key), int64 key, 0L, int64 key)
                |]
            Limit = count
            Count = count
        },
        null
    )

let private refused (what: string) (act: unit -> unit) =
    Expect.throwsT<ArgumentException> act what

let tests =
    testList
        "searches by hand"
        [
            for name, make in
                [
                    "exact", (fun () -> new ExactSearch() :> VectorSearch)
                    "approximate", (fun () -> new ApproximateSearch())
                ] do
                test $"an {name} search refuses what it cannot take" {
                    use _ = torch.NewDisposeScope()
                    use search = make ()
                    search.Insert([| 0L; 1L; 2L |], rows 3L 4L)

                    for vectors in
                        [
                            rows 2L 3L
                            rows 2L 5L
                            torch.rand 4L
                            torch.ones (2L, 4L, dtype = torch.int64)
                        ] do
                        refused "vectors" (fun () -> search.Insert([| 3L; 4L |], vectors))
                        refused "queries" (fun () -> search.Nearest(vectors, 1L, keys 3) |> ignore)

                    refused "a key without a vector" (fun () -> search.Insert([| 3L; 4L |], rows 1L 4L))
                    refused "a key below 0" (fun () -> search.Insert([| -1L |], rows 1L 4L))
                    refused "no neighbour" (fun () -> search.Nearest(rows 1L 4L, 0L, keys 3) |> ignore)
                    refused "the vector of no key" (fun () -> search.Read [| 7L |] |> ignore)
                    search.Delete [| -1L; 7L |]
                    use found = search.Nearest(rows 1L 4L, 5L, keys 3)

                    Expect.equal
                        (Array.sort (found.Indices.data<int64>().ToArray()))
                        [| 0L; 1L; 2L |]
                        "what was there before"
                }
        ]
