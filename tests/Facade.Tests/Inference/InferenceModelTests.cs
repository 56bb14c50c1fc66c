using MetricLearning.Core;
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
    private readonly string path = Path.GetTempFileName();

    private sealed class Words(Tensor rows) : utils.data.Dataset
    {
        public override long Count => rows.size(0);

        public override Dictionary<string, Tensor> GetTensor(long index) =>
            new() { ["data"] = rows[index], ["label"] = tensor(index) };
    }

    /// <summary>The same answer whatever it is asked.</summary>
    private sealed class Stubborn : KnnFunc
    {
        public override Neighbours Search(Tensor query, long k, Tensor reference, bool refIncludesQuery) =>
            new(full([query.size(0), k], 0.5), full([query.size(0), k], reference.size(0) - 1, dtype: int64));
    }

    private Tensor ByHand()
    {
        using var _ = no_grad();
        trunk.eval();
        var embeddings = nn.functional.normalize(embedder.call(trunk.call(rows)));
        trunk.train();
        return embeddings;
    }

    private static float[] Numbers(Tensor values) => values.data<float>().ToArray();

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
    public void Arguments_reach_the_core()
    {
        using var model = new InferenceModel(
            trunk.@double(),
            embedder.@double(),
            new MatchFinder(new LpDistance(normalizeEmbeddings: false), 1e9),
            normalizeEmbeddings: false,
            new Stubborn(),
            CPU,
            ScalarType.Float64,
            batch => stack(batch.Select(sample => ((ValueTuple<Tensor>)sample).Item1)),
            batch => (batch, "no labels")
        );
        var data = TrainingData.FromSamples([
            .. Enumerable.Range(0, 20).Select(index => ValueTuple.Create(rows[index])),
        ]);

        Assert.Equal(ScalarType.Float64, model.GetEmbeddings(data).dtype);
        Assert.False(model.NormalizeEmbeddings);
        Assert.Equal((trunk, embedder), (model.Trunk, model.Embedder));
        Assert.True(model.GetMatches(data).all().item<bool>());
        Assert.Equal(1e9, model.MatchFinder.Threshold);
        model.TrainKnn(data);
        Assert.All(model.GetNearestNeighbors(data, k: 2).Indices.data<long>(), number => Assert.Equal(19, number));
    }

    [Fact]
    public void Neighbours_are_searched_by_a_distance_of_choice()
    {
        using var model = new InferenceModel(trunk, embedder, knnFunc: new CustomKNN(new CosineSimilarity()));
        model.TrainKnn(rows[0..12]);
        model.AddToKnn(rows[12..20]);
        var (similarities, indices) = model.GetNearestNeighbors(rows, k: 3);
        var embeddings = ByHand();
        var (expected, _) = embeddings.mm(embeddings.t()).topk(3);

        Near(expected, similarities);
        Assert.Equal(20, model.IndexCount);
        Assert.Equal(Enumerable.Range(0, 20).Select(row => (long)row), indices.select(1, 0).data<long>());
    }

    [Fact]
    public void A_calibrated_threshold_tells_what_matches()
    {
        using var model = new InferenceModel(trunk, embedder);
        var data = TrainingData.FromTensors(rows, Enumerable.Range(0, 20).Select(row => (long)(row % 4)).ToArray());

        foreach (
            var goal in new[]
            {
                null,
                CalibrationGoal.Accuracy,
                CalibrationGoal.F1,
                CalibrationGoal.FalseAcceptRate(0.2),
            }
        )
        {
            var chosen = model.CalibrateThreshold(data, goal);
            var matches = model.GetMatchingTuples(rows).Where(pair => pair.Query < pair.Reference).ToArray();
            var right = matches.Count(pair => pair.Query % 4 == pair.Reference % 4);

            Assert.Equal(chosen.Threshold, model.MatchFinder.Threshold);
            Assert.Equal((40, 150), (chosen.Positives, chosen.Negatives));
            Assert.Equal(chosen.Recall, right / 40.0, 12);
            Assert.Equal(chosen.FalseAcceptRate, (matches.Length - right) / 150.0, 12);
        }
    }

    [Fact]
    public void A_file_holds_all_of_it()
    {
        using var model = new InferenceModel(trunk, embedder);
        model.TrainKnn(rows);
        model.CalibrateThreshold(TrainingData.FromTensors(rows, arange(20) % 4));
        model.Save(path);
        var (distances, _) = model.GetNearestNeighbors(rows, k: 4);

        using var other = new InferenceModel(
            nn.Sequential(nn.Linear(6, 5), nn.Dropout(0.5)),
            nn.Linear(5, 3),
            normalizeEmbeddings: false
        );
        other.Load(path);

        Assert.Equal(model.MatchFinder.Threshold, other.MatchFinder.Threshold);
        Assert.True(other.NormalizeEmbeddings);
        Assert.Equal(Numbers(distances), Numbers(other.GetNearestNeighbors(rows, k: 4).Distances));

        other.SaveKnnFunc(path);
        model.TrainKnn(rows[0..3]);
        model.LoadKnnFunc(path);

        Assert.Equal(20, model.IndexCount);
        Assert.Throws<InvalidDataException>(() => model.Load(path));
    }

    [Fact]
    public void A_finder_works_on_embeddings()
    {
        var finder = new MatchFinder(new LpDistance(normalizeEmbeddings: false), threshold: 1);
        var points = tensor(
            new float[,]
            {
                { 0, 0 },
                { 0.5f, 0 },
                { 5, 0 },
            }
        );

        Assert.Equal([(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)], finder.GetMatchingTuples(points));
        Assert.Equal(5, finder.GetMatchingPairs(points).sum().item<long>());
        Assert.Equal([true, false], finder.IsMatch(points[0..2], points[1..3]));
        Assert.Equal([true, true], finder.IsMatch(points[0..2], points[1..3], threshold: 4.5));
        Assert.Equal(DistanceKind.Cosine, new MatchFinder().Distance.Kind);
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
        Assert.Throws<FileNotFoundException>(() => model.Load("nowhere.safetensors"));
        Assert.Throws<InvalidOperationException>(() => model.GetNearestNeighbors(rows, 1));
        Assert.Throws<InvalidOperationException>(() => finder.GetMatchingPairs(rows));
        Assert.Throws<ArgumentException>(() => CalibrationGoal.FalseAcceptRate(1.5));
        Assert.Throws<ArgumentException>(() => CalibrationGoal.FalseAcceptRate(double.NaN));
    }

    public void Dispose()
    {
        scope.Dispose();
        File.Delete(path);
    }
}
