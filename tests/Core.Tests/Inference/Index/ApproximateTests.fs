/// Approximate search behind the same index.
module MetricLearning.Core.Tests.Inference.ApproximateTests

open System
open System.IO
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Indexes
open MetricLearning.Core.Tests.Support.Meetings

// Vectors around centres, as those of trained networks are.
let private clustered (seed: uint64) (count: int64) (width: int64) =
    use generator = new torch.Generator(seed)
    let centres = torch.randn (50L, width, generator = generator)
    let chosen = torch.randint (50L, [| count |], generator = generator)
    let noise = torch.randn (count, width, generator = generator) * 0.5.ToScalar()
    centres.index_select (0L, chosen) + noise

let private numbered (count: int64) =
    [ for id in 0L .. count - 1L -> IndexItem(ItemId.op_Implicit id, $"{id % 5L}") ]

let private recall
    (exact: NeighbourIndex)
    (other: NeighbourIndex)
    (queries: torch.Tensor)
    (filter: Func<IndexItem, bool> | null)
    =
    let idsOf (index: NeighbourIndex) =
        [|
            for several in index.Search(queries, 10, filter = filter) -> set [ for one in several -> $"{one.Id}" ]
        |]

    let shares =
        Array.map2
            (fun truth found -> float (Set.count (Set.intersect truth found)) / float (Set.count truth))
            (idsOf exact)
            (idsOf other)

    Array.average shares

let private few =
    { Checked.config with
        maxTest = 40
        endSize = 40
    }

let tests =
    testList
        "approximate search"
        [
            for name, make in
                [
                    "the cosine", (fun () -> CosineSimilarity() :> Distance)
                    "Euclidean distances", (fun () -> LpDistance(normalizeEmbeddings = false))
                    "their squares", (fun () -> LpDistance(normalizeEmbeddings = false, power = 2.0))
                ] do
                test $"finds 99 of 100 neighbours by {name}, filtered or after changes, too, at their distances" {
                    use _ = torch.NewDisposeScope()
                    let vectors, queries = clustered 1uL 4000L 32L, clustered 1uL 100L 32L
                    use exact = new NeighbourIndex(new ExactSearch(make ()))
                    use other = new NeighbourIndex(new ApproximateSearch(make ()))

                    let both act = List.iter act [ exact; other ]
                    both (fun index -> index.Add(numbered 4000L, vectors))
                    Expect.isGreaterThanOrEqual (recall exact other queries null) 0.99 "all"
                    let filter = Func<IndexItem, bool>(fun item -> item.Label = "3")
                    Expect.isGreaterThanOrEqual (recall exact other queries filter) 0.99 "filtered"

                    both (fun index ->
                        index.Remove [ for id in 0L..3L..3999L -> ItemId.op_Implicit id ] |> ignore
                        index.Put(numbered 500L, clustered 2uL 500L 32L))

                    Expect.isGreaterThanOrEqual (recall exact other queries null) 0.99 "after changes"
                    let one, two = exact.Search(queries, 1), other.Search(queries, 1)

                    for row in 0..99 do
                        if one[row].[0].Id = two[row].[0].Id then
                            Expect.floatClose
                                { absolute = 1e-5; relative = 1e-4 }
                                two[row].[0].Distance
                                one[row].[0].Distance
                                "distance"
                }

            testPropertyWithConfig few "however it is changed, it is a dictionary that is searched"
            <| fun (deeds: IndexLaw.Deed list) ->
                IndexLaw.model (fun () -> new ApproximateSearch()) deeds IndexLaw.agree

            test "searches go on while items are added on another thread" {
                use index = new NeighbourIndex(new ApproximateSearch())
                index.Put(IndexItem(word "here"), vectorOf 8 1)
                let isDone = ref false

                let ask () =
                    while not isDone.Value do
                        Expect.equal (index.Search(vectorOf 8 1, 1)[0]).Id (word "here") "it"

                let change () =
                    try
                        for id in 2..1500 do
                            index.Put(IndexItem(number (id % 700)), vectorOf 8 id)
                    finally
                        isDone.Value <- true

                together [ ask; ask; change ]
                Expect.equal index.Count 701 "all"
            }

            test "replacing items again and again neither fills the memory nor hides any" {
                use search = new ApproximateSearch()
                use index = new NeighbourIndex(search)
                use rows = torch.tensor (array2D [ for id in 0..499 -> vectorOf 8 id ])
                let mutable most = 0L

                for round in 1..30 do
                    index.Put(numbered 500L, rows)
                    most <- max most search.Bytes

                    if round = 12 then
                        most <- 0L

                // About 4096 waymarks besides.
                use fresh = new ApproximateSearch()
                use other = new NeighbourIndex(fresh)
                other.Put(numbered 500L, rows)
                Expect.isLessThan most (30L * fresh.Bytes) "memory"

                Expect.equal
                    [ for found in index.Search(rows, 1) -> found[0].Id ]
                    [ for id in 0..499 -> number id ]
                    "each"
            }

            test "what a filter raises is raised, and other distances are refused" {
                use index = new NeighbourIndex(new ApproximateSearch())
                index.Put(IndexItem(word "here"), vectorOf 8 1)

                throws<FormatException> "mine" (fun () ->
                    index.Search(vectorOf 8 1, 1, filter = fun _ -> raise (FormatException "mine"))
                    |> ignore)

                for distance in
                    [
                        LpDistance(p = 1.0) :> Distance
                        SNRDistance()
                        DotProductSimilarity(normalizeEmbeddings = false)
                    ] do
                    throws<ArgumentException> "ExactSearch" (fun () -> new ApproximateSearch(distance) |> ignore)

                throws<ArgumentException> "connectivity must be at least 1" (fun () ->
                    new ApproximateSearch(connectivity = 0) |> ignore)
            }

            test "a file of one search is read by the other" {
                let path = Path.GetTempFileName()

                try
                    use _ = torch.NewDisposeScope()
                    use exact = new NeighbourIndex()
                    exact.Add(numbered 300L, clustered 4uL 300L 16L)
                    exact.Save path
                    use other = NeighbourIndex.Load(path, new ApproximateSearch())
                    Expect.isGreaterThanOrEqual (recall exact other (clustered 5uL 50L 16L) null) 0.99 "neighbours"
                    other.Save path
                    use again = NeighbourIndex.Load path
                    let results (index: NeighbourIndex) = found (index.Search(vectorOf 16 3, 9))
                    Expect.equal (results again) (results exact) "bit for bit"
                finally
                    File.Delete path
            }
        ]
