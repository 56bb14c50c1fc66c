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
}
