using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The first half of a custom trainer&#39;s iteration: the batch as it was read, and the networks.</summary>
public sealed class RowContext : BatchContext
{
    private readonly Batch batch;

    internal RowContext(Context context, Batch batch)
        : base(context, batch.Labels) => this.batch = batch;

    /// <summary>The inputs of the batch, each with the samples along its first dimension.</summary>
    public IReadOnlyList<Tensor> Data => batch.Data;

    /// <summary>The trunk&#39;s output for the batch.</summary>
    public Tensor Trunk() => Embedding.trunk(Context, batch);

    /// <summary>The embeddings of the batch, shape (N, D): embedder after trunk.</summary>
    public Tensor Embeddings() => Embedded(Trunk());
}
