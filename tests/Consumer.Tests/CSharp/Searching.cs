using Xunit;

namespace PictureShop;

/// <summary>The page on searching, and the examples of its classes.</summary>
public sealed class Searching : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly string folder = Directory.CreateTempSubdirectory("searching").FullName;
    private readonly string before = Directory.GetCurrentDirectory();
    private readonly Tensor rows = rand(60, 16, generator: new Generator(1));
    private readonly Tensor queries = rand(8, 16, generator: new Generator(2));

    public Searching() => Directory.SetCurrentDirectory(folder);

    private static nn.Module<Tensor, Tensor> Trunk() => nn.Linear(16, 4);

    private static IndexItem[] Items(int count) =>
        [.. Enumerable.Range(0, count).Select(number => new IndexItem(number, $"{number % 3}"))];

    [Fact]
    public void A_model_and_its_items()
    {
        var trunk = Trunk();
        var samples = TrainingData.FromTensors(rows, arange(60) % 6);
        var validation = samples;
        const string path = "model.safetensors";
        using var model = new InferenceModel(trunk);

        using var index = new NeighbourIndex();
        using var gallery = new Gallery(model, index);
        gallery.Add(samples, number => number);
        var nearest = gallery.Search(queries, k: 5)[0];
        gallery.Save("model.safetensors");

        Assert.Equal(5, nearest.Count);

        var vector = model.GetEmbeddings(queries[0..1]).data<float>().ToArray();
        index.Put(new IndexItem("red-7", "red", payload: "red/7.png"), vector);
        var red = index.Search(vector, k: 10, threshold: 0.8, filter: item => item.Label == "red");
        var there = index.Find("red-7");
        index.Remove("red-7");

        Assert.Equal("red/7.png", Assert.Single(red).Payload);
        Assert.NotNull(there);
        Assert.False(index.Contains("red-7"));

        model.CalibrateThreshold(validation, CalibrationGoal.Recall(0.6));
        foreach (var found in gallery.Classify(queries, k: 3))
        {
            Console.WriteLine(found.IsKnown ? $"{found.Label} ({found.Confidence:P0})" : "unknown");
        }

        var (items, newVectors) = (Items(60), rand(60, 4));
        using var service = new InferenceModel(Trunk());
        service.Load(path);
        using var loaded = NeighbourIndex.Load(path);
        using var serving = new Gallery(service, loaded);

        Assert.Equal(
            nearest.Select(found => (found.Id, found.Distance)),
            serving.Search(queries, k: 5)[0].Select(found => (found.Id, found.Distance))
        );

        using var rebuilt = new NeighbourIndex();
        rebuilt.Add(items, newVectors);
        index.TakeOver(rebuilt);

        Assert.Equal(60, index.Count);
    }

    [Fact]
    public void An_index_by_hand_and_its_classes()
    {
        using var index = new NeighbourIndex();
        index.Add(new IndexItem("red-1", "red", payload: "red/1.png"), new float[] { 1f, 0f });
        var nearest = index.Search(new float[] { 0.9f, 0.1f }, k: 5)[0];
        Console.WriteLine($"{nearest.Id} of class {nearest.Label} at {nearest.Distance:F3}");

        Assert.Equal("red-1", nearest.Id);

        var queries = tensor(
            new float[,]
            {
                { 0.9f, 0.1f },
            }
        );
        using var classifier = new Classifier(index);
        var found = classifier.ByVotes(queries, k: 5, threshold: 0.7)[0];
        Console.WriteLine(found.IsKnown ? $"{found.Label} ({found.Confidence:P0})" : "unknown");

        Assert.Equal("red", found.Label);
    }

    [Fact]
    public void An_approximate_index()
    {
        var (items, vectors) = (Items(60), rows);

        using var index = new NeighbourIndex(new ApproximateSearch());
        index.Add(items, vectors);
        index.Save("items.safetensors");
        using var again = NeighbourIndex.Load("items.safetensors", new ApproximateSearch());

        Assert.Equal(7, again.Search(vectors, 1)[7][0].Id);
    }

    public void Dispose()
    {
        Directory.SetCurrentDirectory(before);
        scope.Dispose();
        Directory.Delete(folder, true);
    }
}
