using System.Drawing;
using MetricLearning.Tests.Logging;
using Xunit;

namespace PictureShop;

/// <summary>The page of pictures.</summary>
public sealed class Pictures : IDisposable
{
    private readonly TemporaryFolder temporary = new();

    [Fact]
    public void Pictures_of_a_folder_train()
    {
        var folder = Folder();

        var all = PictureSet
            .FromFolder(folder, OnBroken.Skip)
            .WithTable(Path.Combine(folder, "classes.csv"), key: "class")
            .WithLevels("class", "kind");

        foreach (var skipped in all.Skipped)
        {
            Console.WriteLine(skipped);
        }

        var parts = all.SplitBy("split");
        var (train, validation) = parts["train"].SplitByClass(0.75, Seed.Of(1));

        Assert.Equal((12, 4, 2, 1), (train.Count, validation.Count, parts["test"].Count, all.Skipped.Count));
        Assert.Equal(2, train.LabelTable.GetLength(1));
        train = train.WithLevels("class");

        var format = new PictureFormat(32, 32)
        {
            Fit = PictureFit.Contain,
            Background = Color.White,
            Numbers = PictureNumbers.Bytes,
            CacheBytes = 1_000_000_000,
        };

        var augmentation = Augment.Compose(
            Augment.Rotate(10),
            Augment.Scale(0.9, 1.1),
            Augment.Shift(0.1),
            Augment.Flip(),
            Augment.ColorJitter(brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.05),
            Augment.Maybe(0.2, Augment.OneOf(Augment.Grayscale(), Augment.Invert(), Augment.Blur(0.5, 1.5))),
            Augment.Maybe(0.3, Augment.Erase(0.05, 0.2)),
            Augment.Background(Color.White, Color.Black, Color.SkyBlue)
        );

        var trunk = nn.Sequential(
            new PictureNormalization(means: [0.5, 0.5, 0.5], deviations: [0.25, 0.25, 0.25]),
            nn.Conv2d(3, 16, 3, stride: 2),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten()
        );

        using var trainer = new MetricLossOnly(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk },
                Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3) },
                BatchSize = 8,
                LossFuncs = new() { MetricLoss = new SupConLoss(temperature: 0.1) },
                Dataset = train.ToTrainingData(format, augmentation),
                Sampler = new MPerClassSampler(train.Labels, m: 4, batchSize: 8, lengthBeforeNewIter: train.Count),
                DataloaderNumWorkers = 2,
                EndOfEpochHook = trainer =>
                {
                    Console.WriteLine($"Epoch {trainer.Epoch}: waited {trainer.WaitedForData.TotalSeconds:0.0} s");
                    return true;
                },
            }
        );

        trainer.Train(numEpochs: 2);

        Assert.Equal(2, trainer.Epoch);
        Assert.True(trainer.WaitedForData > TimeSpan.Zero);
    }

    [Fact]
    public void An_augmentation_of_ones_own_is_a_function()
    {
        var darker = Augment.Of(
            (picture, seed) =>
            {
                var factor = 0.5 + 0.5 * seed.Random().NextDouble();
                var pixels = picture.Pixels.ToArray();

                for (var at = 0; at < pixels.Length; at++)
                {
                    // Every fourth byte is alpha.
                    pixels[at] = at % 4 == 3 ? pixels[at] : (byte)(factor * pixels[at]);
                }

                return Picture.FromPixels(picture.Height, picture.Width, pixels);
            }
        );

        var white = Picture.FromPixels(1, 1, [255, 255, 255, 255]);
        Assert.InRange(darker.Apply(white, Seed.Of(1)).Pixels.Span[0], 127, 254);
    }

    [Fact]
    public void A_picture_is_decoded_alone()
    {
        var bytes = Picture.FromPixels(2, 2, new byte[16]).ToPng();
        var format = new PictureFormat(32, 32) { Means = [0.5, 0.5, 0.5], Deviations = [0.25, 0.25, 0.25] };

        using var pixels = format.ToTensor(format.Decode(bytes, "upload.png"));

        Assert.Equal(new long[] { 3, 32, 32 }, pixels.shape);
        Assert.Equal(2f, pixels.max().item<float>());
    }

    // Six classes of four pictures each but for the last, which has two that are whole.
    private string Folder()
    {
        var folder = temporary.Path;
        var seed = Seed.Of(1);

        for (var number = 0; number < 18; number++)
        {
            var pixels = new byte[4 * 20 * 30];
            seed.Derive("picture", number).Random().NextBytes(pixels);
            var file = Path.Combine(folder, $"class {number / 4}", $"{number}.png");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, Picture.FromPixels(20, 30, pixels).ToPng());
        }

        File.WriteAllBytes(Path.Combine(folder, "class 4", "empty.png"), []);
        File.WriteAllText(
            Path.Combine(folder, "classes.csv"),
            """
            class,kind,split
            class 0,round,train
            class 1,round,train
            class 2,square,train
            class 3,square,train
            class 4,square,test
            """
        );
        return folder;
    }

    public void Dispose() => temporary.Dispose();
}
