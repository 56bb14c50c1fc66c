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

    /// <inheritdoc cref="StepContext.Mine(Tensor)"/>
    public Tuples Mine(Tensor embeddings) => Chosen(embeddings);

    /// <inheritdoc cref="StepContext.Loss(string, Tensor, Tuples?)"/>
    public Tensor Loss(string key, Tensor embeddings, Tuples? tuples = null) => Mined(embeddings, key, tuples);

    /// <inheritdoc cref="StepContext.Loss(string, Tensor, Tensor, Tensor?, Tuples?)"/>
    public Tensor Loss(
        string key,
        Tensor embeddings,
        Tensor refEmbeddings,
        Tensor? refLabels = null,
        Tuples? tuples = null
    ) => Against(embeddings, key, refEmbeddings, refLabels, tuples);
}
