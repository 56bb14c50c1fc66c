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
        var hasTrunk = HasTrunk(context);
        features = hasTrunk ? rows.Tensors[^1] : null;
        Data = hasTrunk ? rows.Tensors[..^1] : rows.Tensors;
    }

    /// <summary>The inputs of the batch, each with the samples along its first dimension.</summary>
    public IReadOnlyList<Tensor> Data { get; }

    // The inputs cross the cut as well: they are rows, too.
    internal static Rows Rows(Context context, Batch batch) =>
        new(HasTrunk(context) ? [.. batch.Data, Embedding.trunk(context, batch)] : batch.Data, batch.Labels);

    private static bool HasTrunk(Context context) => context.Networks.ContainsKey(Keys.Trunk);

    /// <summary>The trunk&#39;s output for the batch.</summary>
    /// <exception cref="InvalidOperationException">There is no trunk.</exception>
    public Tensor Trunk() =>
        features
        ?? throw new InvalidOperationException(
            $"There is no network \"{Keys.Trunk}\" to make embeddings with; add it to Models."
        );

    /// <summary>The embeddings of the batch, shape (N, D): embedder after trunk.</summary>
    public Tensor Embeddings() => Embedded(Trunk());

    /// <summary>The tuples that the tuple miner chooses among embeddings; all of them without a miner.</summary>
    public Tuples Mine(Tensor embeddings) => Chosen(embeddings);

    /// <summary>The loss function <paramref name="key"/> on embeddings (N, D) or logits and the batch&#39;s labels.</summary>
    /// <exception cref="ArgumentException">There is no such loss function.</exception>
    public Tensor Loss(string key, Tensor embeddings, Tuples? tuples = null) => Mined(embeddings, key, tuples);
}
