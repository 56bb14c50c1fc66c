using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Digits;

/// <summary>What is trained: a trunk that looks at the picture, and an embedder that says where it lies.</summary>
internal sealed class EmbeddingNet : IDisposable
{
    public const int EmbeddingSize = 32;

    /// <summary>The same seed gives the same weights.</summary>
    public EmbeddingNet(int seed)
    {
        manual_seed(seed);
        Trunk = Sequential(Linear(64, 128), ReLU(), Linear(128, 64), ReLU());
        Embedder = Linear(64, EmbeddingSize);
    }

    /// <summary>64 → 128 → 64.</summary>
    public Module<Tensor, Tensor> Trunk { get; }

    /// <summary>64 → 32.</summary>
    public Module<Tensor, Tensor> Embedder { get; }

    /// <summary>Where the pictures lie now: (N × 32), without gradients.</summary>
    public Tensor Embed(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        using var inference = no_grad();
        Trunk.eval();
        Embedder.eval();
        return Embedder.call(Trunk.call(pictures)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        Trunk.Dispose();
        Embedder.Dispose();
    }
}
