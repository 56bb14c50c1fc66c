using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using static TorchSharp.torch.utils.data;

namespace MetricLearning.Tests.Inference;

public sealed class InferenceModelTests : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor rows = rand(20, 6, generator: new Generator(3));
    private readonly nn.Module<Tensor, Tensor> trunk = nn.Sequential(nn.Linear(6, 5), nn.Dropout(0.5));
    private readonly nn.Module<Tensor, Tensor> embedder = nn.Linear(5, 3);

    private sealed class Words(Tensor rows) : utils.data.Dataset
    {
        public override long Count => rows.size(0);

        public override Dictionary<string, Tensor> GetTensor(long index) =>
            new() { ["data"] = rows[index], ["label"] = tensor(index) };
    }

    private Tensor ByHand()
    {
        using var _ = no_grad();
        trunk.eval();
        var embeddings = nn.functional.normalize(embedder.call(trunk.call(rows)));
        trunk.train();
        return embeddings;
    }

    private static void Near(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.True((expected - actual).abs().max().item<float>() < 1e-6f);
    }

    [Fact]
    public void Inputs_may_be_whatever_has_samples()
    {
        using var model = new InferenceModel(trunk, embedder, dataloaderNumWorkers: 2);
        Tensor[] samples = [.. Enumerable.Range(0, 20).Select(index => rows[index])];
        Inputs[] inputs =
        [
            rows,
            samples,
            samples.ToList(),
            TrainingData.FromTensors(rows, Enumerable.Repeat("word", 20).ToArray()),
            TrainingData.FromSamples([.. samples.Select(row => (row, "anything"))]),
            new Words(rows),
            TensorDataset(rows, arange(20)),
        ];

        Assert.All(inputs, given => Near(ByHand(), model.GetEmbeddings(given, batchSize: 7)));
        Assert.True(trunk.training);
    }

    [Fact]
    public void Nothing_may_be_missing()
    {
        using var model = new InferenceModel(trunk, embedder);
        var finder = new MatchFinder(new LpDistance());

        Assert.Throws<ArgumentNullException>(() => new InferenceModel(null!));
        Assert.Throws<ArgumentNullException>(() => model.GetEmbeddings((Tensor)null!));
        Assert.Throws<ArgumentNullException>(() => model.GetEmbeddings((TrainingData)null!));
        Assert.Throws<ArgumentNullException>(() => model.GetEmbeddings((Inputs)null!));
        Assert.Throws<ArgumentNullException>(() => model.GetLabelledEmbeddings(null!));
        Assert.Throws<ArgumentNullException>(() => model.StreamEmbeddings(null!));
        Assert.Throws<ArgumentNullException>(() => model.CalibrateThreshold(null!));
        Assert.Throws<ArgumentNullException>(() => finder.GetMatchingPairs(null!));
        Assert.Throws<ArgumentException>(() => model.Save(" "));
    }

    public void Dispose() => scope.Dispose();
}
