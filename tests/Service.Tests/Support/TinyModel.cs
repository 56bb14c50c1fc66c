using MetricLearning;
using Pictures;
using TorchSharp;

namespace ServiceTests.Support;

/// <summary>Networks that have learned nothing, which tell colours apart all the same.</summary>
internal static class TinyModel
{
    /// <summary>Saves a model as samples/Pictures does.</summary>
    public static void Save(string path, long seed = 1)
    {
        var networks = new Networks("small", 32);
        torch.manual_seed(seed);
        var (trunk, embedder) = networks.Make(torch.CPU);
        using var model = new InferenceModel(trunk, embedder, new MatchFinder(new CosineSimilarity(), 0.5));
        networks.WriteTo(model.Card);
        model.Save(path);
        trunk.Dispose();
        embedder.Dispose();
    }
}
