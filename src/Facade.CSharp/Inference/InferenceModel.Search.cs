using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

// Neighbours and matches.
public sealed partial class InferenceModel
{
    /// <summary>Makes the embeddings of inputs the index.</summary>
    /// <inheritdoc cref="GetEmbeddings"/>
    public void TrainKnn(Inputs inputs, int batchSize = 64) => model.TrainKnn(Of(inputs), batchSize);

    /// <summary>Adds the embeddings of inputs to the index.</summary>
    /// <inheritdoc cref="GetEmbeddings"/>
    public void AddToKnn(Inputs inputs, int batchSize = 64) => model.AddToKnn(Of(inputs), batchSize);

    /// <summary>The nearest embeddings of the index for each input, nearest first.</summary>
    /// <param name="query">Tensors, or a data set.</param>
    /// <param name="k">How many.</param>
    /// <param name="batchSize">How many samples are embedded at once.</param>
    /// <returns>
    /// Distances (Q × k) and numbers (Q × k, int64), which count from 0 in the order in which embeddings were added.
    /// </returns>
    /// <exception cref="InvalidOperationException">There is no index.</exception>
    /// <exception cref="ArgumentException">The index has fewer than <paramref name="k"/> embeddings.</exception>
    public (Tensor Distances, Tensor Indices) GetNearestNeighbors(Inputs query, int k, int batchSize = 64)
    {
        var found = model.GetNearestNeighbors(Of(query), k, batchSize);
        return (found.Distances, found.Indices);
    }

    /// <summary>Which inputs match which of the reference: (Q × R), bool.</summary>
    /// <param name="query">Tensors, or a data set.</param>
    /// <param name="reference">Null is the query, each sample of which then matches itself.</param>
    /// <param name="threshold">Null is the match finder&#39;s.</param>
    /// <param name="batchSize">How many samples are embedded at once.</param>
    /// <exception cref="InvalidOperationException">There is no threshold.</exception>
    public Tensor GetMatches(Inputs query, Inputs? reference = null, double? threshold = null, int batchSize = 64) =>
        reference is null
            ? model.GetMatches(Of(query), threshold, batchSize)
            : model.GetMatches(Of(query), reference.Value, threshold, batchSize);

    /// <summary>The same as pairs of numbers of inputs and references, in order.</summary>
    /// <inheritdoc cref="GetMatches"/>
    public IReadOnlyList<(long Query, long Reference)> GetMatchingTuples(
        Inputs query,
        Inputs? reference = null,
        double? threshold = null,
        int batchSize = 64
    ) =>
        reference is null
            ? model.GetMatchingTuples(Of(query), threshold, batchSize)
            : model.GetMatchingTuples(Of(query), reference.Value, threshold, batchSize);

    /// <summary>Whether each input of <paramref name="x"/> matches that of <paramref name="y"/>.</summary>
    /// <param name="x">N inputs.</param>
    /// <param name="y">As many.</param>
    /// <param name="threshold">Null is the match finder&#39;s.</param>
    /// <param name="batchSize">How many samples are embedded at once.</param>
    /// <exception cref="InvalidOperationException">There is no threshold.</exception>
    public bool[] IsMatch(Inputs x, Inputs y, double? threshold = null, int batchSize = 64) =>
        model.IsMatch(Of(x), Of(y), threshold, batchSize);

    /// <summary>
    /// Chooses the threshold that serves a goal best for the pairs of samples of a data set, and matches by it from now on.
    /// </summary>
    /// <param name="dataset">With labels: samples with the same one belong together.</param>
    /// <param name="goal">Null is <see cref="CalibrationGoal.Accuracy"/>.</param>
    /// <param name="labelHierarchyLevel">The level of the labels, from 0.</param>
    /// <param name="maxPairs">
    /// Of more pairs a random sample is looked at, half of them of one class, and counted as if it were all.
    /// </param>
    /// <param name="seed">Of the sample.</param>
    /// <param name="batchSize">How many samples are embedded at once.</param>
    /// <returns>The threshold, and what it does to the pairs.</returns>
    /// <exception cref="ArgumentException">No two samples belong together, or all do; or an embedding is NaN.</exception>
    public CalibratedThreshold CalibrateThreshold(
        TrainingData dataset,
        CalibrationGoal? goal = null,
        int labelHierarchyLevel = 0,
        long maxPairs = 4_000_000,
        long seed = 0,
        int batchSize = 64
    )
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return model.CalibrateThreshold(
            dataset.Value,
            (goal ?? CalibrationGoal.Accuracy).Value,
            labelHierarchyLevel,
            maxPairs,
            Seed.Of(seed),
            batchSize
        );
    }
}
