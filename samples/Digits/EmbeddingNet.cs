using MetricLearning;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Digits;

/// <summary>What is trained: a trunk that looks at the picture, an embedder that says where it lies, perhaps more.</summary>
internal sealed class EmbeddingNet : IDisposable
{
    private readonly Device device;
    private readonly Module<Tensor, Tensor> trunk;
    private readonly Module<Tensor, Tensor> embedder;

    /// <summary>The same seed gives the same weights.</summary>
    /// <param name="heads">Networks beside these two, made after them.</param>
    public EmbeddingNet(Device device, int seed, int embeddingSize, Func<Models>? heads = null)
    {
        this.device = device;
        manual_seed(seed);
        trunk = Sequential(Linear(64, 128), ReLU(), Linear(128, 64), ReLU());
        embedder = Linear(64, embeddingSize);
        Networks = new(heads?.Invoke() ?? []) { Trunk = trunk, Embedder = embedder };
        foreach (var network in Networks.Values)
            network.to(device);
    }

    /// <summary>Trunk (64 → 128 → 64), embedder (64 → embedding size) and heads.</summary>
    public Models Networks { get; }

    /// <summary>Where the pictures lie now: (N × embedding size), on the CPU, without gradients.</summary>
    public Tensor Embed(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        using var inference = no_grad();
        trunk.eval();
        embedder.eval();
        return embedder.call(trunk.call(pictures.to(device))).cpu().MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var network in Networks.Values)
            network.Dispose();
    }
}
