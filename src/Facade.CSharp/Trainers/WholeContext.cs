using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The second half of a custom trainer&#39;s iteration: all rows of the batch that came out of the first.</summary>
public sealed class WholeContext : BatchContext
{
    internal WholeContext(Context context, Rows rows)
        : base(context, rows.Labels) => Rows = rows.Tensors;

    /// <summary>The tensors that the first half returned.</summary>
    public IReadOnlyList<Tensor> Rows { get; }

    /// <summary>The tuples that the tuple miner chooses among embeddings; all of them without a miner.</summary>
    public Tuples Mine(Tensor embeddings) => Chosen(embeddings);

    /// <summary>The loss function <paramref name="key"/> on embeddings (N, D) or logits and the batch&#39;s labels.</summary>
    /// <exception cref="ArgumentException">There is no such loss function.</exception>
    public Tensor Loss(string key, Tensor embeddings, Tuples? tuples = null) => Mined(embeddings, key, tuples);

    /// <summary>
    /// The loss function <paramref name="key"/> on embeddings (N, D) whose positives and negatives are reference embeddings. For a
    /// <see cref="SelfSupervisedLoss"/> or <see cref="VICRegLoss"/> they are the other view of every sample, row by row.
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
