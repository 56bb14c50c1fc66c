using MetricLearning.Core;

namespace MetricLearning;

/// <summary>
/// Trains a trunk, and an embedder if there is one, with one loss on the embeddings. Models: <c>trunk</c>, usually
/// <c>embedder</c>; loss functions: <c>metric_loss</c>; miners: <c>subset_batch_miner</c>, <c>tuple_miner</c>.
/// </summary>
/// <example>
/// <code>
/// using var trainer = new MetricLossOnly(
///     new TrainerOptions
///     {
///         Models = new() { Trunk = trunk, Embedder = embedder },
///         Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3) },
///         BatchSize = 40,
///         LossFuncs = new() { MetricLoss = new TripletMarginLoss(margin: 0.1) },
///         MiningFuncs = new() { TupleMiner = new MultiSimilarityMiner(epsilon: 0.1) },
///         Dataset = TrainingData.FromTensors(pictures, labels),
///         Sampler = new MPerClassSampler(labels, m: 4, batchSize: 40, lengthBeforeNewIter: labels.size(0)),
///     }
/// );
///
/// trainer.Train(numEpochs: 10);
/// </code>
/// </example>
public sealed class MetricLossOnly : BaseTrainer
{
    /// <summary>Sets the run up.</summary>
    /// <exception cref="SetupException">The options have mistakes: all of them, together.</exception>
    public MetricLossOnly(TrainerOptions options)
        : base(Core.MetricLossOnlyModule.recipe, options) { }
}
