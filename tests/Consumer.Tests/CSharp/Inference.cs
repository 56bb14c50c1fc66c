using Xunit;

namespace PictureShop;

/// <summary>The page on inference.</summary>
public sealed class Inference : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor gallery = rand(60, 16, generator: new Generator(1));
    private readonly Tensor queries = rand(8, 16, generator: new Generator(2));
    private readonly string path = Path.GetTempFileName();

    private static nn.Module<Tensor, Tensor> Trunk() => nn.Sequential(nn.Linear(16, 12), nn.ReLU());

    [Fact]
    public void A_model_finds_tells_apart_and_is_saved()
    {
        var (trunk, sameTrunk) = (Trunk(), Trunk());
        var (embedder, sameEmbedder) = (nn.Linear(12, 4), nn.Linear(12, 4));
        var validation = TrainingData.FromTensors(gallery, arange(60) % 6);
        var stored = new List<long>();
        void Store(long[] numbers, Tensor rows)
        {
            Assert.Equal(numbers.LongLength, rows.size(0));
            stored.AddRange(numbers);
        }

        using var model = new InferenceModel(trunk, embedder);
        model.TrainKnn(gallery);
        var (distances, indices) = model.GetNearestNeighbors(queries, k: 5);

        Assert.Equal([8, 5], indices.shape);
        Assert.Equal([8, 5], distances.shape);

        var calibrated = model.CalibrateThreshold(validation, CalibrationGoal.FalseAcceptRate(0.01));
        Console.WriteLine($"{calibrated.Recall:P1} of what belongs together matches beyond {calibrated.Threshold:F3}");
        bool[] same = model.IsMatch(queries, gallery[0..8]);
        IReadOnlyList<(long Query, long Reference)> pairs = model.GetMatchingTuples(queries, gallery);

        Assert.Equal(8, same.Length);
        Assert.Equal(pairs.Count, model.GetMatches(queries, gallery).sum().item<long>());

        var (embeddings, levels) = model.GetLabelledEmbeddings(validation);

        foreach (var batch in model.StreamEmbeddings(validation, batchSize: 32))
        {
            using (batch)
            {
                Store(batch.Indices, batch.Embeddings);
            }
        }

        Assert.Equal([60, 4], embeddings.shape);
        Assert.Equal([60, 1], levels.shape);
        Assert.Equal(60, stored.Count);

        model.Save(path);

        using var service = new InferenceModel(sameTrunk, sameEmbedder);
        service.Load(path);
        var (_, answer) = service.GetNearestNeighbors(queries, k: 5);

        Assert.Equal(indices.data<long>().ToArray(), answer.data<long>().ToArray());
    }

    public void Dispose()
    {
        scope.Dispose();
        File.Delete(path);
    }
}
