/// The page for those who come from pytorch-metric-learning.
module PictureShop.FromPython

open System.IO
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Places

let private pictures =
    torch.rand ([| 80L; 64L |], generator = new torch.Generator(1UL))

let private labels = Array.init 80 (fun index -> int64 (index % 10))
let private dataset = TrainingData.FromTensors(pictures, labels)

let private byHand =
    testCase "a loop by hand" (fun () ->
        use model = torch.nn.Linear(64L, 32L)
        use lossFunc = new TripletMarginLoss(margin = 0.5)
        let miner = MultiSimilarityMiner()
        let optimizer = torch.optim.SGD(model.parameters (), 0.1)
        use before = model.weight.clone ()
        let loader = [ pictures, torch.tensor labels ]

        for data, labels in loader do
            use _ = torch.NewDisposeScope()
            optimizer.zero_grad ()
            let embeddings = model.call data
            let tuples = miner.Mine(embeddings, labels)
            lossFunc.Compute(embeddings, labels, tuples).backward()
            optimizer.step () |> ignore

        Expect.isFalse (model.weight.allclose before) "it has moved")

let private trainer =
    test "a trainer with a miner" {
        let trunk = torch.nn.Linear(64L, 48L)
        let embedder = torch.nn.Linear(48L, 32L)

        let run =
            Setup.prepare
                MetricLossOnly.recipe
                (RunOptions(
                    Models = Models(Trunk = trunk, Embedder = embedder),
                    Optimizers = Optimizers(Trunk = PureOptimizer.Adam 1e-3, Embedder = PureOptimizer.Adam 1e-3),
                    BatchSize = 40,
                    LossFuncs =
                        LossFuncs(MetricLoss = new TripletMarginLoss(margin = 0.1, Distance = CosineSimilarity())),
                    Dataset = dataset,
                    MiningFuncs = MiningFuncs(TupleMiner = MultiSimilarityMiner(epsilon = 0.1)),
                    Sampler = MPerClassSampler(labels, 4, 40, int64 labels.Length)
                ))

        let trained = Run.train run 10 run.State

        Expect.equal trained.Epoch 10 "epochs"
    }

let private stopping =
    testCase "evaluation and early stopping" (fun () ->
        let trunk = torch.nn.Linear(64L, 32L)
        let validation = dataset

        let run =
            Setup.prepare
                MetricLossOnly.recipe
                (RunOptions(
                    Models = Models(Trunk = trunk),
                    Optimizers = Optimizers(Trunk = PureOptimizer.Adam 1e-3),
                    BatchSize = 40,
                    LossFuncs = LossFuncs(MetricLoss = new ContrastiveLoss()),
                    Dataset = dataset
                ))

        let tester =
            Tester(
                EmbeddingSpace.Global,
                TestOptions(AccuracyCalculator = AccuracyCalculator(``include`` = [ "precision_at_1" ], k = 1))
            )

        let mutable best, bestEpoch = 0.0, 0
        use session = Session.Start run

        for event in session.Train(None, 20, CancellationToken.None) do
            if event = Event.EpochEnded then
                let epoch = session.Progress.Epoch
                let scores = tester.Test(readOnlyDict [ "val", validation ], epoch, trunk)["val"]
                let score = scores["precision_at_1_level0"].Value

                if score > best then
                    best <- score
                    bestEpoch <- epoch
                elif epoch - bestEpoch > 3 then
                    session.Stop()

        let last = session.Progress.Epoch
        Expect.isTrue (last = 20 || last = bestEpoch + 4) $"{last} after {bestEpoch}")

let private inference =
    test "inference" {
        let trunk = torch.nn.Linear(64L, 48L)
        let embedder = torch.nn.Linear(48L, 32L)
        let gallery = pictures.narrow (0L, 0L, 60L)
        let queries = pictures.narrow (0L, 60L, 10L)
        let others = pictures.narrow (0L, 70L, 10L)

        use model =
            new InferenceModel(trunk, embedder, MatchFinder(CosineSimilarity(), threshold = 0.8))

        model.TrainKnn gallery
        let neighbours = model.GetNearestNeighbors(queries, k = 5)
        let same = model.IsMatch(queries, others)

        Expect.equal neighbours.Indices.shape [| 10L; 5L |] "neighbours"
        Expect.hasLength same 10 "matches"
    }

let private memory =
    test "a loss with a memory" {
        let loss =
            new CrossBatchMemory(
                new ContrastiveLoss(),
                embeddingSize = 32,
                memorySize = 512,
                miner = MultiSimilarityMiner()
            )

        Expect.isFalse loss.HasBeenFilled "empty"
    }

let private learning =
    test "a loss that learns" {
        let optimizers = Optimizers(Trunk = PureOptimizer.Adam 1e-3)

        let loss = new ArcFaceLoss(numClasses = 10, embeddingSize = 32)
        optimizers.MetricLoss <- PureOptimizer.Adam 1e-2

        Expect.equal optimizers.Count 2 "optimizers"
        Expect.equal (loss.state_dict().Count) 1 "W"
    }

let private weights =
    test "weights come over" {
        withFolder (fun folder ->
            use trunk = torch.nn.Linear(64L, 48L)
            use loss = new ArcFaceLoss(numClasses = 10, embeddingSize = 32)
            // Files are read by what they hold, whatever they are called.
            PretrainedWeights.Save(trunk, Path.Combine(folder, "trunk.pth"))
            PretrainedWeights.Save(loss, Path.Combine(folder, "loss.pth"))

            PretrainedWeights.Load(trunk, Path.Combine(folder, "trunk.pth")) |> ignore
            PretrainedWeights.Load(loss, Path.Combine(folder, "loss.pth")) |> ignore)
    }

let tests =
    testList "from Python" [ byHand; trainer; stopping; inference; memory; learning; weights ]
