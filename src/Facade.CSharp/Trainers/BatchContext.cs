using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>One batch of a custom trainer and its networks.</summary>
public abstract class BatchContext
{
    private protected BatchContext(Context context, Tensor labels)
    {
        Context = context;
        Labels = labels;
    }

    private protected Context Context { get; }

    /// <summary>The labels of the batch, int64 of shape (N).</summary>
    public Tensor Labels { get; }

    /// <summary>The seed of this iteration, for randomness of your own.</summary>
    public Seed Seed => Context.Seed;

    /// <summary>The output of the network <paramref name="key"/> for an input; the input itself where there is no <c>embedder</c>.</summary>
    /// <exception cref="ArgumentException">There is no such network.</exception>
    public Tensor Through(string key, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(input);

        return key == Keys.Embedder || Context.Networks.ContainsKey(key)
            ? Embedding.through(key, Context, input)
            : throw new ArgumentException($"There is no network \"{key}\"; add it to Models.", nameof(key));
    }

    private protected Tensor Mined(Tensor embeddings, string key, Tuples? tuples)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        ArgumentNullException.ThrowIfNull(key);
        return Objective.lossOf(key, Context, new Mined(embeddings, Labels, tuples ?? Tuples.All));
    }

    private protected Tensor Against(Tensor embeddings, string key, Tensor references, Tensor? labels, Tuples? tuples)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(references, "refEmbeddings");

        return Objective.lossAgainst(
            key,
            Context,
            new Embedded(references, labels ?? Labels),
            new Mined(embeddings, Labels, tuples ?? Tuples.All)
        );
    }

    private protected Tuples Chosen(Tensor embeddings)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        return Mining.mine(Context, new Embedded(embeddings, Labels)).Tuples;
    }

    private protected Tensor Embedded(Tensor features) =>
        Embedding.ofFeatures(Context, new Featured(features, Labels)).Embeddings;
}
