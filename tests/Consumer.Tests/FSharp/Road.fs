/// The page from pictures to a service, all of it in one program.
module PictureShop.Road

open System
open System.IO
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private draw (folder: string) =
    for number in 0..47 do
        let pixels = Array.zeroCreate<byte>(4 * 40 * 40)
        (Seed.Of(1L).Derive("picture", int64 number).Random()).NextBytes pixels

        for at in 0 .. pixels.Length - 1 do
            if at % 4 = 3 then
                pixels[at] <- 255uy

        let file = Path.Combine(folder, $"class {number / 3}", $"{number}.png")
        Directory.CreateDirectory(nonNull (Path.GetDirectoryName file)) |> ignore
        File.WriteAllBytes(file, Picture.FromPixels(40, 40, ReadOnlySpan pixels).ToPng())

let private road =
    test "from pictures to a service" {
        use _ = torch.NewDisposeScope()
        let home = Directory.CreateTempSubdirectory("road-").FullName

        let folder, file =
            Path.Combine(home, "pictures"), Path.Combine(home, "model.safetensors")

        draw folder

        let struct (others, test) =
            PictureSet.FromFolder(folder, OnBroken.Skip).SplitByClass(0.75, Seed.Of 1L)

        let struct (train, validation) = others.SplitByClass(0.75, Seed.Of 1L)

        let format =
            PictureFormat(32, 32, Numbers = PictureNumbers.Bytes, CacheBytes = 500_000_000L)

        let changes =
            Augment.Compose(
                Augment.Scale(0.8, 1.2),
                Augment.Shift 0.08,
                Augment.ColorJitter(brightness = 0.3, contrast = 0.3, saturation = 0.4),
                Augment.Maybe(0.15, Augment.Grayscale())
            )

        use normalization =
            new PictureNormalization([ 0.5; 0.5; 0.5 ], [ 0.25; 0.25; 0.25 ])

        let trunk =
            torch.nn.Sequential(
                normalization,
                torch.nn.Conv2d(3L, 16L, 3L, padding = 1L),
                torch.nn.BatchNorm2d 16L,
                torch.nn.ReLU(),
                torch.nn.AdaptiveAvgPool2d 1L,
                torch.nn.Flatten()
            )

        let embedder = torch.nn.Linear(16L, 8L)

        let run =
            Setup.prepare
                MetricLossOnly.recipe
                (RunOptions(
                    Models = Models(Trunk = trunk, Embedder = embedder),
                    Optimizers = Optimizers(Trunk = PureOptimizer.AdamW 2e-3, Embedder = PureOptimizer.AdamW 2e-3),
                    BatchSize = 12,
                    LossFuncs = LossFuncs(MetricLoss = new MultiSimilarityLoss()),
                    MiningFuncs = MiningFuncs(TupleMiner = MultiSimilarityMiner()),
                    Dataset = train.ToTrainingData(format, changes),
                    Sampler = MPerClassSampler(train.Labels, m = 4, batchSize = 12, lengthBeforeNewIter = train.Count),
                    DataloaderNumWorkers = 2,
                    Seed = 1L
                ))

        use session = Session.Start run

        for event in session.Train(None, 2, CancellationToken.None) do
            if event.IsEpochEnded then
                printfn $"Epoch {session.Progress.Epoch} of 2"

        Expect.equal session.Progress.Epoch 2 "epochs"

        use model = new InferenceModel(trunk, embedder, dataloaderNumWorkers = 2)
        use found = model.GetLabelledEmbeddings(test.ToTrainingData format)

        let scores =
            AccuracyCalculator().GetAccuracy(found.Embeddings, found.Labels.select (1L, 0L))

        let first = scores["precision_at_1"].Value
        printfn $"P@1 {first:F3}"

        model.CalibrateThreshold(validation.ToTrainingData format, CalibrationGoal.FalseAcceptRate 0.2)
        |> ignore

        model.Card["trained on"] <- $"{train.Count} pictures"
        model.Save file

        let sameTrunk, sameEmbedder = trunk, embedder
        let upload = File.ReadAllBytes(test.PathOf 0)

        use served = new InferenceModel(sameTrunk, sameEmbedder)
        served.Load file
        use index = new NeighbourIndex()
        use gallery = new Gallery(served, index)

        let items =
            [
                for number in 0 .. test.Count - 1 ->
                    IndexItem(test.PathOf number, test.Classes[int test.Labels[number]])
            ]

        gallery.Add(items, test.ToTrainingData format)

        use asked = format.ToTensor(format.Decode(upload, "upload.png")).unsqueeze 0L

        for item in gallery.Search(asked, k = 3)[0] do
            printfn $"{item.Distance:F3} {item.Label} {item.Id}"

        let nearest = gallery.Search(asked, k = 1)[0] |> Seq.head
        Expect.equal (string nearest.Id) (test.PathOf 0) "a picture that is in the index is nearest to itself"
        Directory.Delete(home, true)
    }

let tests = testList "road" [ road ]
