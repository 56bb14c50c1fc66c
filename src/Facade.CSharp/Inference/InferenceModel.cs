using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Trained networks in use: embeddings, nearest neighbours in an index of embeddings, and matches.</summary>
/// <remarks>
/// Networks are looked at in evaluation mode and without gradients; their modes and all streams of random numbers stay as they
/// were. Tensors that are given out are yours, or the dispose scope&#39;s that is open. Calls from several threads take turns.
/// </remarks>
public sealed partial class InferenceModel : IDisposable
{
    private readonly Core.InferenceModel model;

    /// <summary>Over networks, which stay yours.</summary>
    /// <param name="trunk">The network that sees the data.</param>
    /// <param name="embedder">The network on top of it; null where the trunk makes the embeddings.</param>
    /// <param name="matchFinder">Tells what matches; null is a cosine of at least 0.9.</param>
    /// <param name="normalizeEmbeddings">Whether embeddings are scaled to length 1.</param>
    /// <param name="knnFunc">Finds nearest neighbours; null is the exact ones by squared Euclidean distance.</param>
    /// <param name="dataDevice">Where inputs are put; null is where the networks&#39; parameters are.</param>
    /// <param name="dtype">What floating-point inputs are converted to; null is nothing.</param>
    /// <param name="collateFn">List of samples to batch; null is the default collation.</param>
    /// <param name="dataAndLabelGetter">Batch to data and labels; null is the first and last part of a batch.</param>
    /// <param name="dataloaderNumWorkers">Threads that read samples; 0 is the caller&#39;s.</param>
    /// <exception cref="ArgumentException">A network was disposed, or has no forward pass from tensors to a tensor.</exception>
    public InferenceModel(
        nn.Module trunk,
        nn.Module? embedder = null,
        MatchFinder? matchFinder = null,
        bool normalizeEmbeddings = true,
        KnnFunc? knnFunc = null,
        Device? dataDevice = null,
        ScalarType? dtype = null,
        Func<IReadOnlyList<object>, object>? collateFn = null,
        Func<object, (object Data, object Labels)>? dataAndLabelGetter = null,
        int dataloaderNumWorkers = 0
    )
    {
        ArgumentNullException.ThrowIfNull(trunk);
        ArgumentOutOfRangeException.ThrowIfNegative(dataloaderNumWorkers);
        model = new(
            new EmbeddingModel(trunk, embedder),
            new(
                matchFinder?.Value ?? Core.MatchFinder.Default,
                normalizeEmbeddings,
                knnFunc ?? ExactKnn.SquaredEuclidean,
                dataDevice,
                dtype,
                dataloaderNumWorkers,
                new(
                    collateFn,
                    dataAndLabelGetter is { } getter ? batch => getter(batch) : null,
                    LabelMap.Create(false, null),
                    HierarchyLevel.All
                )
            )
        );
    }

    /// <summary>The network that sees the data.</summary>
    public nn.Module Trunk => model.Model.Trunk;

    /// <summary>The network on top of it; null where the trunk makes the embeddings.</summary>
    public nn.Module? Embedder => model.Model.Embedder;

    /// <summary>Tells what matches; <see cref="CalibrateThreshold"/> and <see cref="Load(string)"/> give it a threshold.</summary>
    public MatchFinder MatchFinder => new(model.MatchFinder);

    /// <summary>Whether embeddings are scaled to length 1; <see cref="Load(string)"/> sets it as it was saved.</summary>
    public bool NormalizeEmbeddings => model.NormalizeEmbeddings;

    /// <summary>How many embeddings are in the index.</summary>
    public long IndexCount => model.IndexCount;

    /// <summary>The embeddings of inputs: (N × D).</summary>
    /// <param name="inputs">Tensors, or a data set, the labels of which are not looked at.</param>
    /// <param name="batchSize">How many samples are embedded at once.</param>
    public Tensor GetEmbeddings(Inputs inputs, int batchSize = 64) => model.GetEmbeddings(Of(inputs), batchSize);

    /// <summary>The embeddings (N × D) and labels (N × levels, int64) of a data set.</summary>
    /// <param name="dataset">With integer labels; strings become their ranks where the data set is made of tensors.</param>
    /// <param name="batchSize">How many samples are embedded at once.</param>
    /// <exception cref="ArgumentException">It is empty, or its labels cannot be read.</exception>
    public (Tensor Embeddings, Tensor Labels) GetLabelledEmbeddings(TrainingData dataset, int batchSize = 64)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        var found = model.GetLabelledEmbeddings(dataset.Value, batchSize);
        return (found.Embeddings, found.Labels);
    }

    /// <summary>
    /// The embeddings and labels of a data set batch by batch, as they are asked for: one batch at a time is in memory. Each is
    /// yours to dispose.
    /// </summary>
    /// <inheritdoc cref="GetLabelledEmbeddings"/>
    public IEnumerable<EmbeddedBatch> StreamEmbeddings(TrainingData dataset, int batchSize = 64)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return model.StreamEmbeddings(dataset.Value, batchSize);
    }

    /// <summary>Frees the index; the networks stay yours.</summary>
    public void Dispose() => model.Dispose();

    private static Dataset Of(Inputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs.Value;
    }
}
