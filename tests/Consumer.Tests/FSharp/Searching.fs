/// The page on searching.
module PictureShop.Searching

open System
open System.IO
open Expecto
open TorchSharp
open MetricLearning

let private random (seed: uint64) (count: int64) (width: int64) =
    torch.rand ([| count; width |], generator = new torch.Generator(seed))

let private items =
    [ for number in 0..59 -> IndexItem(ItemId.op_Implicit number, $"{number % 3}") ]

let private inFolder (act: unit -> unit) =
    let folder = Directory.CreateTempSubdirectory "searching"
    let before = Directory.GetCurrentDirectory()
    Directory.SetCurrentDirectory folder.FullName

    try
        use _ = torch.NewDisposeScope()
        act ()
    finally
        Directory.SetCurrentDirectory before
        folder.Delete true

let private gallery () =
    let rows, queries = random 1UL 60L 16L, random 2UL 8L 16L
    let samples = TrainingData.FromTensors(rows, [| for row in 0..59 -> row % 6 |])
    let validation = samples
    use model = new InferenceModel(torch.nn.Linear(16L, 4L))
    use service = new InferenceModel(torch.nn.Linear(16L, 4L))
    let path = "model.safetensors"

    use index = new NeighbourIndex()
    use gallery = new Gallery(model, index)
    gallery.Add(samples, (fun number -> ItemId.op_Implicit number))
    let nearest = gallery.Search(queries, k = 5)[0]
    gallery.Save "model.safetensors"

    Expect.equal nearest.Count 5 "neighbours"

    let vector =
        model.GetEmbeddings(queries.narrow (0L, 0L, 1L)).data<float32>().ToArray()

    index.Put(IndexItem("red-7", "red", payload = "red/7.png"), vector)

    let red =
        index.Search(vector, k = 10, threshold = 0.8, filter = fun item -> item.Label = "red")

    let there = index.Find "red-7"
    index.Remove "red-7" |> ignore

    Expect.equal [ for found in red -> found.Payload ] [ "red/7.png" ] "the red one"
    Expect.isNotNull there "by id"

    model.CalibrateThreshold(validation, CalibrationGoal.Recall 0.6) |> ignore

    for found in gallery.Classify(queries, k = 3) do
        printfn
            "%s"
            (if found.IsKnown then
                 $"{found.Label} ({found.Confidence:P0})"
             else
                 "unknown")

    service.Load path
    use loaded = NeighbourIndex.Load path
    use serving = new Gallery(service, loaded)

    Expect.equal [ for found in serving.Search(queries, 5)[0] -> found.Id ] [ for found in nearest -> found.Id ] "again"
    let newVectors = random 3UL 60L 4L

    use rebuilt = new NeighbourIndex()
    rebuilt.Add(items, newVectors)
    index.TakeOver rebuilt

    Expect.equal index.Count 60 "the new ones"

let private approximate () =
    let vectors = random 1UL 60L 16L

    use index = new NeighbourIndex(new ApproximateSearch())
    index.Add(items, vectors)
    index.Save "items.safetensors"
    use again = NeighbourIndex.Load("items.safetensors", new ApproximateSearch())

    Expect.equal again.Count 60 "all"

let tests =
    testSequenced (
        testList
            "searching"
            [
                test "a model and its items" { inFolder gallery }
                test "an approximate index" { inFolder approximate }
            ]
    )
