/// An index on several threads: what overlaps, and what a search sees. Calls are counted, not timed.
module MetricLearning.Core.Tests.Inference.IndexOverlap

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Indexes
open MetricLearning.Core.Tests.Support.Meetings

let private filled () =
    let index = new NeighbourIndex()

    for id in 0..9 do
        index.Add(IndexItem(number id, "old"), vectorOf 4 id)

    index

let private grown () =
    let index = new NeighbourIndex()

    for id in 0..99 do
        index.Add(IndexItem(number id, "new"), vectorOf 4 (id + 50))

    index

let private query = vectorOf 4 1000

// A change while a search is under way, which has asked its filter once.
let private during (change: NeighbourIndex -> unit) (what: string) =
    test what {
        use index = filled ()
        let before = found (index.Search(query, 100))
        let mutable isChanged = false

        let filter =
            Func<IndexItem, bool>(fun _ ->
                if not isChanged then
                    isChanged <- true
                    together [ fun () -> change index ]

                true)

        Expect.equal (found (index.Search(query, 100, filter = filter))) before "as it was when it began"
        Expect.isTrue isChanged "it was changed meanwhile"
    }

let tests =
    testList
        "on several threads"
        [
            during
                (fun index ->
                    for id in 10..200 do
                        index.Add(IndexItem(number id), vectorOf 4 id))
                "additions do not wait for a search, nor show in it"

            during
                (fun index ->
                    index.Remove [ for id in 0..4 -> number id ] |> ignore
                    // The places of those are not taken yet.
                    for id in 20..30 do
                        index.Add(IndexItem(number id), vectorOf 4 id))
                "nor do removals"

            during
                (fun index ->
                    for id in 0..9 do
                        index.Put(IndexItem(number id, "new"), vectorOf 4 (id + 70)))
                "nor replacements"

            during (fun index -> index.TakeOver(grown ())) "nor a new index"
            during (fun index -> index.Dispose()) "nor the end"

            test "searches meet" {
                use index = filled ()
                let meeting = Meeting 4
                let mine = new System.Threading.ThreadLocal<bool>(fun () -> false)

                let filter =
                    Func<IndexItem, bool>(fun _ ->
                        if not mine.Value then
                            mine.Value <- true
                            meeting.Come()

                        true)

                together [ for _ in 1..4 -> fun () -> index.Search(query, 3, filter = filter) |> ignore ]
                Expect.equal meeting.Met 4 "all were there at once"
            }

            test "an item is always there while it is replaced, on all threads" {
                use index = filled ()
                let isDone = ref false

                let ask () =
                    while not isDone.Value do
                        Expect.equal (index.Search(query, 100)).Count 10 "all"
                        Expect.isTrue (index.Contains(number 3)) "by id"

                let change () =
                    try
                        for round in 1..60 do
                            use rows = torch.tensor (array2D [ for id in 0..9 -> vectorOf 4 (id + round) ])
                            index.Put([ for id in 0..9 -> IndexItem(number id) ], rows)

                            if round % 20 = 0 then
                                index.TakeOver(filled ())
                    finally
                        isDone.Value <- true

                together [ ask; ask; change ]
            }

            test "the memory of an old index is free when its last search is through" {
                leavesNoTensors (fun () ->
                    use index = filled ()

                    let filter =
                        let mutable isChanged = false

                        Func<IndexItem, bool>(fun _ ->
                            if not isChanged then
                                isChanged <- true
                                index.TakeOver(filled ())

                            true)

                    index.Search(query, 3, filter = filter) |> ignore)
            }
        ]
