using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>What a visualizer hook is shown: the embeddings of a split with one level of its labels. The tensors are disposed
/// when the hook returns.</summary>
/// <param name="Embeddings">What the visualizer made of the embeddings, on the CPU; the embeddings themselves (N × D) where
/// there is no visualizer.</param>
/// <param name="Labels">(N) int64, on the CPU.</param>
/// <param name="SplitName">The split.</param>
/// <param name="KeyName">A name for the picture: what was embedded, how, and the level.</param>
/// <param name="Epoch">The epoch.</param>
public sealed record Visualization(Tensor Embeddings, Tensor Labels, string SplitName, string KeyName, int Epoch);
