using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>One iteration of a custom trainer: a batch, the trunk&#39;s output for it, and the parts that trainers are made of.</summary>
public sealed class StepContext : BatchContext
{
    private readonly Tensor? features;

    internal StepContext(Context context, Rows rows)
        : base(context, rows.Labels)
    {
        var last = rows.Tensors[^1];
        features = last.dtype == ScalarType.Int64 ? null : last;
        Data = rows.Tensors[..^1];
    }

    /// <summary>The inputs of the batch, each with the samples along its first dimension.</summary>
    public IReadOnlyList<Tensor> Data { get; }

    // The inputs cross the cut as well: they are rows, too. Where there is no output of a trunk for all of them (it has
    // gradients, so it is never of integers) the labels stand in for it.
    internal static Rows Rows(Context context, Batch batch) =>
        new(
            [.. batch.Data, Embedding.trunkTakes(context, batch) ? Embedding.trunk(context, batch) : batch.Labels],
            batch.Labels
        );

    /// <summary>
    /// The trunk&#39;s output for the batch. A trunk that takes fewer inputs than a sample has is called with
    /// <see cref="BatchContext.Through"/>, on each input that it takes.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no trunk, or it takes another number of inputs.</exception>
    public Tensor Trunk() => features ?? Embedding.trunk(Context, new Batch([.. Data], Labels, []));

    /// <summary>The embeddings of the batch, shape (N, D): embedder after trunk.</summary>
    public Tensor Embeddings() => Embedded(Trunk());

    /// <summary>The tuples that the tuple miner chooses among embeddings; all of them without a miner.</summary>
    public Tuples Mine(Tensor embeddings) => Chosen(embeddings);

    /// <summary>The loss function <paramref name="key"/> on embeddings (N, D) or logits and the batch&#39;s labels.</summary>
    /// <exception cref="ArgumentException">There is no such loss function.</exception>
    public Tensor Loss(string key, Tensor embeddings, Tuples? tuples = null) => Mined(embeddings, key, tuples);

    /// <summary>
    /// The loss function <paramref name="key"/> on embeddings (N, D) whose positives and negatives are reference embeddings. For a
    /// <see cref="SelfSupervisedLoss"/> or <see cref="VICRegLoss"/> they are the other view of every sample, row by row; a
    /// <see cref="CrossBatchMemory"/> remembers them, and compares the embeddings with all that it remembers.
    /// </summary>
    /// <param name="key">The key of the loss in <see cref="RunOptions.LossFuncs"/>.</param>
    /// <param name="embeddings">One row a sample of the batch.</param>
    /// <param name="refEmbeddings">What the embeddings are compared with.</param>
    /// <param name="refLabels">The labels of the reference embeddings; null for the batch&#39;s.</param>
    /// <param name="tuples">Anchors of the batch, positives and negatives of the references; null for all that labels allow.</param>
    /// <exception cref="ArgumentException">There is no such loss function, or it takes no references.</exception>
    public Tensor Loss(
        string key,
        Tensor embeddings,
        Tensor refEmbeddings,
        Tensor? refLabels = null,
        Tuples? tuples = null
    ) => Against(embeddings, key, refEmbeddings, refLabels, tuples);
}
