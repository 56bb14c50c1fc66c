using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>One training iteration as a custom trainer sees it: a batch, and the parts that trainers are made of.</summary>
public sealed class StepContext
{
    private readonly Context context;
    private readonly Batch batch;

    internal StepContext(Context context, Batch batch)
    {
        this.context = context;
        this.batch = batch;
    }

    /// <summary>The inputs of the batch, each with the samples along its first dimension.</summary>
    public IReadOnlyList<Tensor> Data => batch.Data;

    /// <summary>The labels of the batch, int64 of shape (N).</summary>
    public Tensor Labels => batch.Labels;

    /// <summary>The seed of this iteration, for randomness of your own.</summary>
    public Seed Seed => context.Seed;

    /// <summary>The trunk&#39;s output for the batch.</summary>
    public Tensor Trunk() => Embedding.trunk(context, batch);

    /// <summary>The output of the network <paramref name="key"/> for an input; the input itself where there is no <c>embedder</c>.</summary>
    /// <exception cref="ArgumentException">There is no such network.</exception>
    public Tensor Through(string key, Tensor input) =>
        key == Keys.Embedder || context.Networks.ContainsKey(key)
            ? Embedding.through(key, context, input)
            : throw new ArgumentException($"There is no network \"{key}\"; add it to Models.", nameof(key));

    /// <summary>The embeddings of the batch, shape (N, D): embedder after trunk.</summary>
    public Tensor Embeddings() => Embedding.embed(context, batch).Embeddings;

    /// <summary>The tuples that the tuple miner chooses among embeddings; all of them without a miner.</summary>
    public Tuples Mine(Tensor embeddings) => Mining.mine(context, new Embedded(embeddings, batch.Labels)).Tuples;

    /// <summary>The loss function <paramref name="key"/> on embeddings (N, D) or logits and the batch&#39;s labels.</summary>
    public Tensor Loss(string key, Tensor embeddings, Tuples? tuples = null) =>
        Objective.lossOf(key, context, new Mined(embeddings, batch.Labels, tuples ?? Tuples.All));
}
