/// An index of items: what it finds, and what it refuses.
module MetricLearning.Core.Tests.Inference.IndexTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Indexes

let private distances: (unit -> Distance) list =
    [
        fun () -> CosineSimilarity()
        fun () -> LpDistance()
        fun () -> LpDistance(normalizeEmbeddings = false)
        fun () -> DotProductSimilarity(normalizeEmbeddings = false)
    ]

let private few = { Checked.config with maxTest = 60 }

let private nearest =
    testList
        "finds"
        [
            for which, make in List.indexed distances do
                testPropertyWithConfig few $"the nearest by distance {which}, with filter and threshold"
                <| fun (seed: int) (PositiveInt count) (removed: byte[]) (PositiveInt k) (limit: byte) ->
                    let count, k = 1 + count % 60, 1 + k % 20
                    use index = new NeighbourIndex(new ExactSearch(make ()))
                    let vector (id: int) = vectorOf 5 (seed + id)

                    for id in 0 .. count - 1 do
                        index.Add(IndexItem(number id, $"class {id % 3}"), vector id)

                    let gone = set [ for one in removed -> int one ]
                    index.Remove [ for id in gone -> number id ] |> ignore
                    let query = vectorOf 5 (seed - 1)
                    let filter = Func<IndexItem, bool>(fun item -> item.Label <> "class 1")
                    let sign = if (make ()).IsInverted then -1.0 else 1.0
                    let threshold = sign * (float limit / 128.0 - 0.25)

                    let expected =
                        [
                            for id in 0 .. count - 1 do
                                let distance = byHand (make ()) query (vector id)

                                let isNear = sign * distance <= sign * threshold

                                if not (gone.Contains id) && id % 3 <> 1 && isNear then
                                    $"{id}", distance
                        ]
                        |> List.sortBy (fun (_, distance) -> sign * distance)
                        |> List.truncate k

                    let actual =
                        [
                            for one in index.Search(query, k, Nullable threshold, filter) ->
                                one.Id.ToString(), one.Distance
                        ]

                    Expect.equal (List.map fst actual) (List.map fst expected) "ids"

                    for (_, one), (_, other) in List.zip actual expected do
                        Expect.floatClose { absolute = 1e-6; relative = 1e-5 } one other "distances"

            test "several queries at once, as one by one" {
                use _ = torch.NewDisposeScope()
                use index = new NeighbourIndex()
                let rows = torch.randn (50L, 8L, generator = new torch.Generator(7uL))
                index.Add([ for id in 0..49 -> IndexItem(number id) ], rows)
                let together = index.Search(rows, 3)

                for row in 0..49 do
                    let alone = index.Search((rows[row]).data<float32>().ToArray(), 3)
                    Expect.equal [ for one in together[row] -> one.Id ] [ for one in alone -> one.Id ] "ids"
                    Expect.equal together[row].[0].Id (number row) "itself first"
            }

            test "what it has, where it has fewer than k, or none" {
                use index = new NeighbourIndex()
                Expect.isEmpty (index.Search([| 1f; 0f |], 5)) "none"
                index.Add(IndexItem(word "a", "x", "payload"), [| 2f; 0f |])
                let one = Expect.wantSome (Seq.tryExactlyOne (index.Search([| 1f; 0f |], 5))) "one"
                Expect.equal (one.Id, one.Label, one.Payload) (word "a", "x", "payload") "what was given"
                Expect.floatClose Accuracy.high one.Distance 1.0 "cosine"
                Expect.isEmpty (index.Search([| 1f; 0f |], 5, filter = fun _ -> false)) "none passes"
                use none = torch.empty (0L, 2L)
                Expect.isEmpty (index.Search(none, 5)) "no query"
            }
        ]

let private mistakes =
    testList
        "refuses"
        [
            test "ids that are there, twice, or not; vectors that do not fit or are not finite" {
                use index = new NeighbourIndex()
                let item id = IndexItem(word id)
                index.Add(item "a", [| 1f; 0f |])
                use two = torch.ones (2L, 2L)
                let refuses text act = throws<ArgumentException> text act
                refuses "id a already" (fun () -> index.Add([ item "b"; item "a" ], two))
                refuses "Two items have the id b" (fun () -> index.Put([ item "b"; item "b" ], two))
                refuses "1 items and 2 vectors" (fun () -> index.Add([ item "b" ], two))
                refuses "rows of 3 numbers" (fun () -> index.Add(item "b", [| 1f; 0f; 0f |]))
                refuses "NaN or infinite" (fun () -> index.Add(item "b", [| 1f; nanf |]))
                refuses "rows of 3 numbers" (fun () -> index.Search([| 1f; 0f; 0f |], 1) |> ignore)
                refuses "k must be at least 1" (fun () -> index.Search([| 1f; 0f |], 0) |> ignore)
                refuses "threshold is NaN" (fun () -> index.Search([| 1f; 0f |], 1, Nullable nan) |> ignore)
                refuses "no item with the id b" (fun () -> index.GetVectors [ word "b" ] |> ignore)
                refuses "itself" (fun () -> index.TakeOver index)
                refuses "empty" (fun () -> word "" |> ignore)
                Expect.equal (index.Count, index.Contains(word "b")) (1, false) "nothing was added"
                Expect.isFalse (index.Remove(word "b")) "nothing to remove"
            }

            test "everything, once it is disposed" {
                let index = new NeighbourIndex()
                index.Dispose()
                index.Dispose()
                throws<ObjectDisposedException> "NeighbourIndex" (fun () -> index.Search([| 1f |], 1) |> ignore)
            }

            test "an insertion that fails changes nothing, and the next one is as if it had not been" {
                let mutable fails = true
                use exact = new ExactSearch()

                let vectors =
                    { new VectorSearch(exact.Distance) with
                        override _.Dimensions = exact.Dimensions

                        override _.Insert(keys, vectors) =
                            if fails then
                                failwith "no memory"

                            exact.Insert(keys, vectors)

                        override _.Delete keys = exact.Delete keys
                        override _.Nearest(queries, k, keys) = exact.Nearest(queries, k, keys)
                        override _.Read keys = exact.Read keys
                    }

                use index = new NeighbourIndex(vectors)
                throws<Exception> "no memory" (fun () -> index.Add(IndexItem(number 1), [| 1f; 0f |]))
                Expect.equal index.Count 0 "nothing"
                fails <- false
                index.Add(IndexItem(number 1), [| 1f; 0f |])
                Expect.equal (index.Search([| 1f; 0f |], 3)).Count 1 "it"
            }
        ]

let tests = testList "index" [ nearest; mistakes ]
