using Xunit;

namespace PictureShop;

/// <summary>The page from pictures to a service, all of it in one program.</summary>
public sealed class Road : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("road-").FullName;

    [Fact]
    public void From_pictures_to_a_service()
    {
        using var scope = NewDisposeScope();
        var (folder, checkpoints) = (Path.Combine(home, "pictures"), Path.Combine(home, "checkpoints"));
        var file = Path.Combine(home, "model.safetensors");
        Draw(folder);

        var (others, test) = PictureSet.FromFolder(folder, OnBroken.Skip).SplitByClass(0.75, Seed.Of(1));
        var (train, validation) = others.SplitByClass(0.75, Seed.Of(1));

        var format = new PictureFormat(32, 32) { Numbers = PictureNumbers.Bytes, CacheBytes = 500_000_000 };
        var changes = Augment.Compose(
            Augment.Scale(0.8, 1.2),
            Augment.Shift(0.08),
            Augment.ColorJitter(brightness: 0.3, contrast: 0.3, saturation: 0.4),
            Augment.Maybe(0.15, Augment.Grayscale())
        );

        Assert.Equal((27, 9, 12), (train.Count, validation.Count, test.Count));

        var trunk = nn.Sequential(
            new PictureNormalization([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
            nn.Conv2d(3, 16, 3, padding: 1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten()
        );
        var embedder = nn.Linear(16, 8);

        using var trainer = new MetricLossOnly(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk, Embedder = embedder },
                Optimizers = new() { Trunk = PureOptimizer.AdamW(2e-3), Embedder = PureOptimizer.AdamW(2e-3) },
                BatchSize = 12,
                LossFuncs = new() { MetricLoss = new MultiSimilarityLoss() },
                MiningFuncs = new() { TupleMiner = new MultiSimilarityMiner() },
                Dataset = train.ToTrainingData(format, changes),
                Sampler = new MPerClassSampler(train.Labels, m: 4, batchSize: 12, lengthBeforeNewIter: train.Count),
                DataloaderNumWorkers = 2,
                Checkpoints = new() { Folder = checkpoints, EveryIterations = 1 },
                Seed = 1,
            }
        );

        trainer.ResumeLatest();
        trainer.Train(numEpochs: 2);

        Assert.Equal(2, trainer.Epoch);

        using var model = new InferenceModel(trunk, embedder, dataloaderNumWorkers: 2);
        var (embeddings, labels) = model.GetLabelledEmbeddings(test.ToTrainingData(format));
        var scores = new AccuracyCalculator(include: ["precision_at_1", "mean_average_precision_at_r"]).GetAccuracy(
            embeddings,
            labels.select(1, 0)
        );
        Console.WriteLine(
            $"P@1 {scores["precision_at_1"].Value:0.000}, MAP@R {scores["mean_average_precision_at_r"].Value:0.000}"
        );

        model.CalibrateThreshold(validation.ToTrainingData(format), CalibrationGoal.FalseAcceptRate(0.2));
        model.Card["trained on"] = $"{train.Count} pictures";
        model.Save(file);

        var (sameTrunk, sameEmbedder) = (Same(trunk), Same(embedder));
        var upload = File.ReadAllBytes(test.PathOf(0));

        using var served = new InferenceModel(sameTrunk, sameEmbedder);
        served.Load(file);
        using var index = new NeighbourIndex();
        using var gallery = new Gallery(served, index);
        var items = test.Labels.Select((label, number) => new IndexItem(test.PathOf(number), test.Classes[(int)label]));
        gallery.Add(items, test.ToTrainingData(format));

        using var asked = format.ToTensor(format.Decode(upload, "upload.png")).unsqueeze(0);
        foreach (var item in gallery.Search(asked, k: 3)[0])
        {
            Console.WriteLine($"{item.Distance:0.000} {item.Label} {item.Id}");
        }

        // A picture that is in the index is nearest to itself.
        Assert.Equal(test.PathOf(0), gallery.Search(asked, k: 1)[0][0].Id);
        Assert.Equal("27 pictures", InferenceModel.ReadCard(file)["trained on"]);
    }

    public void Dispose() => Directory.Delete(home, recursive: true);

    // A network as another process would make it.
    private static nn.Module<Tensor, Tensor> Same(nn.Module<Tensor, Tensor> network) =>
        network is TorchSharp.Modules.Linear
            ? nn.Linear(16, 8)
            : nn.Sequential(
                new PictureNormalization([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
                nn.Conv2d(3, 16, 3, padding: 1),
                nn.BatchNorm2d(16),
                nn.ReLU(),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten()
            );

    // Sixteen classes of three pictures, each class of a colour.
    private static void Draw(string folder)
    {
        for (var number = 0; number < 48; number++)
        {
            var pixels = new byte[4 * 40 * 40];
            Seed.Of(1).Derive("picture", number).Random().NextBytes(pixels);
            for (var at = 0; at < pixels.Length; at++)
                pixels[at] = (byte)(at % 4 == 3 ? 255 : pixels[at] / 4 + (number / 3 >> at % 4 & 1) * 128 + number / 3);
            var file = Path.Combine(folder, $"class {number / 3}", $"{number}.png");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, Picture.FromPixels(40, 40, pixels).ToPng());
        }
    }
}
