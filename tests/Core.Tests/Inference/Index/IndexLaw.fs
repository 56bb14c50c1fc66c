/// However an index is changed, it is what a dictionary would be.
module MetricLearning.Core.Tests.Inference.IndexLaw

open System.IO
open System.Collections.Generic
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Indexes

let private exact () : VectorSearch = new ExactSearch()

/// What is done to an index.
type Deed =
    | Put of byte list
    | Remove of byte list
    | TakeOver of byte list
    | Reload

let private few =
    { Checked.config with
        maxTest = 60
        endSize = 40
    }

let private idOf (one: byte) : ItemId =
    let one = int one % 40
    if one % 2 = 0 then number one else word $"{one}"

let private reload (make: unit -> VectorSearch) (index: NeighbourIndex) : unit =
    let path = Path.GetTempFileName()

    try
        index.Save path
        index.TakeOver(NeighbourIndex.Load(path, make ()))
    finally
        File.Delete path

/// Does it to an index, and to a list in the order in which items were added. Vectors differ each time.
let model
    (make: unit -> VectorSearch)
    (deeds: Deed list)
    (after: NeighbourIndex -> List<struct (IndexItem * float32[])> -> unit)
    : unit =
    use index = new NeighbourIndex(make ())
    let kept = List<struct (IndexItem * float32[])>()

    let idsOf ones = ones |> List.map idOf |> List.distinct

    let forget (ids: ItemId list) =
        kept.RemoveAll(fun (struct (item, _)) -> List.contains item.Id ids) |> ignore

    let mutable made = 0

    let item (id: ItemId) =
        made <- made + 1

        struct (IndexItem(id, [| $"{made % 3}"; "second" |], (if made % 4 = 0 then null else $"{made}")),
                vectorOf 4 made)

    let put (index: NeighbourIndex) (several: struct (IndexItem * float32[]) list) =
        let rows = array2D [ for struct (_, vector) in several -> vector ]
        use rows = TorchSharp.torch.tensor rows
        index.Put([ for struct (item, _) in several -> item ], rows)
        forget [ for struct (item, _) in several -> item.Id ]
        kept.AddRange several

    for deed in deeds do
        match deed with
        | Put []
        | TakeOver [] -> ()
        | Put ones -> put index (idsOf ones |> List.map item)
        | TakeOver ones ->
            use other = new NeighbourIndex(make ())
            kept.Clear()
            put other (idsOf ones |> List.map item)
            index.TakeOver other
        | Remove ones ->
            let ids = idsOf ones
            let before = kept.Count
            forget ids
            Expect.equal (index.Remove ids) (before - kept.Count) "so many were there"
        | Reload -> reload make index

        after index kept

/// Both have and find the same.
let agree (index: NeighbourIndex) (kept: List<struct (IndexItem * float32[])>) : unit =
    Expect.equal index.Count kept.Count "how many"
    Expect.equal [ for item in index.Items -> show item ] [ for struct (item, _) in kept -> show item ] "in their order"
    let query = vectorOf 4 -1
    let cosine = CosineSimilarity()

    let expected =
        [ for struct (item, vector) in kept -> show item, byHand cosine query vector ]
        |> List.sortByDescending snd

    let actual = found (index.Search(query, 100))
    Expect.equal (List.map fst actual) (List.map fst expected) "what is found"

    for struct (item, vector) in kept do
        Expect.equal (show (nonNull (index.Find item.Id))) (show item) "by id"
        let nearest = index.Search(vector, 1)[0]
        Expect.equal nearest.Id item.Id "by its vector"

let tests =
    testList
        "changes"
        [
            testPropertyWithConfig few "an index is a dictionary that is searched"
            <| fun (deeds: Deed list) -> model exact deeds agree

            test "and leaves no tensor" {
                leavesNoTensors (fun () ->
                    model
                        exact
                        [
                            Put [ 1uy; 2uy; 3uy ]
                            Remove [ 2uy ]
                            Put [ 1uy; 7uy ]
                            Reload
                            TakeOver [ 4uy ]
                            Put [ 9uy ]
                        ]
                        agree)
            }

            test "a file gives the same results, bit for bit" {
                let path = Path.GetTempFileName()

                try
                    use index = new NeighbourIndex()

                    for id in 0..99 do
                        index.Add(IndexItem(number id, $"{id % 7}"), vectorOf 16 id)

                    index.Remove [ for id in 0..3..99 -> number id ] |> ignore
                    index.Save path
                    use loaded = NeighbourIndex.Load path

                    let results (index: NeighbourIndex) =
                        [ for seed in 0..20 -> found (index.Search(vectorOf 16 (seed + 500), 7)) ]

                    Expect.equal (results loaded) (results index) "results"

                    throws<System.ArgumentException> "compared by Cosine" (fun () ->
                        NeighbourIndex.Load(path, new ExactSearch(LpDistance())) |> ignore)

                    let bytes = File.ReadAllBytes path
                    let random = System.Random 3

                    for _ in 1..100 do
                        let changed = Array.copy bytes
                        let place = random.Next bytes.Length
                        changed[place] <- changed[place] ^^^ byte (1 <<< random.Next 8)
                        File.WriteAllBytes(path, changed)

                        Expect.throwsT<InvalidDataException>
                            (fun () -> NeighbourIndex.Load path |> ignore)
                            $"byte {place}"
                finally
                    File.Delete path
            }
        ]
