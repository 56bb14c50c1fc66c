using Xunit;

namespace PictureShop;

/// <summary>The page of samplers.</summary>
public sealed class Samplers : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor pictures = rand(160, 12, generator: new Generator(1));
    private readonly long[] labels = [.. Enumerable.Range(0, 160).Select(row => (long)(row % 20))];
    private readonly nn.Module<Tensor, Tensor> trunk = nn.Linear(12, 8);
    private readonly nn.Module<Tensor, Tensor> embedder = nn.Linear(8, 4);

    [Fact]
    public void Hard_negatives_make_batches()
    {
        var dataset = TrainingData.FromTensors(pictures, labels);
        var common = new TrainerOptions
        {
            Models = new() { Trunk = trunk, Embedder = embedder },
            Optimizers = new() { Trunk = PureOptimizer.Adam(1e-4), Embedder = PureOptimizer.Adam(1e-3) },
            LossFuncs = new() { MetricLoss = new MultiSimilarityLoss() },
            BatchSize = 32,
            Dataset = dataset,
        };

        var sampler = new HardNegativeBatchSampler(
            labels,
            m: 4,
            batchSize: 32,
            dataset,
            trunk,
            embedder,
            refreshEvery: 500,
            options: new() { SkipNearest = 2, RelativeMargin = 0.05 }
        );

        var options = new TrainerOptions(common) { Sampler = sampler };

        using var trainer = new MetricLossOnly(options);
        Assert.Empty(trainer.Warnings);
        trainer.Step();
        Assert.True(trainer.Losses["metric_loss"] > 0);
        Assert.Equal(500, sampler.Length);
    }

    [Fact]
    public void Hard_negatives_are_a_list()
    {
        var dataset = TrainingData.FromTensors(pictures, labels);

        using var model = new InferenceModel(trunk, embedder);
        using var embedded = model.GetLabelledEmbeddings(dataset);
        using var negatives = HardNegatives.Mine(embedded, new() { SkipNearest = 2, RelativeMargin = 0.05 });
        var (rows, similarities) = negatives;

        Assert.Equal([160, 10], rows.shape);
        Assert.Equal([160, 10], similarities.shape);
        var found = rows.data<long>().Select((negative, place) => (Row: place / 10, Negative: negative));
        Assert.All(
            found.Where(pair => pair.Negative >= 0),
            pair => Assert.NotEqual(labels[pair.Row], labels[pair.Negative])
        );
    }

    public void Dispose() => scope.Dispose();
}
