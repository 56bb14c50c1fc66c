using MetricLearning;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Retrieval;

/// <summary>The networks, which both processes make alike, and the model around them.</summary>
internal static class Networks
{
    /// <summary>64 pixels → 64 features → 32 numbers.</summary>
    public static (Module<Tensor, Tensor> Trunk, Module<Tensor, Tensor> Embedder) Make(Device device) =>
        (Sequential(Linear(64, 128), ReLU(), Linear(128, 64), ReLU()).to(device), Linear(64, 32).to(device));

    /// <summary>Compares by cosine throughout, so that neighbours come with what the threshold is compared with.</summary>
    public static InferenceModel Model(Module trunk, Module embedder) =>
        new(trunk, embedder, new MatchFinder(new CosineSimilarity()), knnFunc: new CustomKNN(new CosineSimilarity()));
}
