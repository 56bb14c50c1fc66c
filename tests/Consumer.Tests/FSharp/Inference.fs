/// The page on inference.
module PictureShop.Inference

open System
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private answers () =
    use _ = torch.NewDisposeScope()
    let gallery = torch.rand ([| 60L; 16L |], generator = new torch.Generator(1UL))
    let queries = torch.rand ([| 8L; 16L |], generator = new torch.Generator(2UL))
    let linear (inputs: int64) (outputs: int64) = torch.nn.Linear(inputs, outputs)
    let trunk, sameTrunk = linear 16L 12L, linear 16L 12L
    let embedder, sameEmbedder = linear 12L 4L, linear 12L 4L

    let validation =
        TrainingData.FromTensors(gallery, [| for row in 0..59 -> row % 6 |])

    let path = Path.GetTempFileName()
    let stored = ResizeArray<int64>()

    let store (numbers: int64[]) (rows: torch.Tensor) =
        Expect.equal numbers.LongLength (rows.size 0) "a row each"
        stored.AddRange numbers

    use model = new InferenceModel(trunk, embedder)

    model.TrainKnn gallery
    let found = model.GetNearestNeighbors(queries, k = 5)

    Expect.equal found.Indices.shape [| 8L; 5L |] "neighbours"

    let goal = CalibrationGoal.FalseAcceptRate 0.01

    let calibrated = model.CalibrateThreshold(validation, goal)
    let pairs = model.GetMatchingTuples(queries, gallery)

    Expect.isLessThanOrEqual calibrated.FalseAcceptRate 0.01 "as wanted"
    Expect.all pairs (fun (struct (query, reference)) -> query < 8L && reference < 60L) "numbers"

    for batch in model.StreamEmbeddings(validation, batchSize = 32) do
        use batch = batch
        store batch.Indices batch.Embeddings

    Expect.hasLength stored 60 "all"

    model.Save path

    use service = new InferenceModel(sameTrunk, sameEmbedder)

    service.Load path

    let again = service.GetNearestNeighbors(queries, k = 5)
    Expect.equal (again.Indices.data<int64>().ToArray()) (found.Indices.data<int64>().ToArray()) "the same answer"
    File.Delete path

let tests = testCase "inference" answers
