using MetricLearning.Core;

namespace MetricLearning;

/// <summary>
/// Trains a trunk, and an embedder if there is one, with one loss on the embeddings. Models: <c>trunk</c>, usually
/// <c>embedder</c>; loss functions: <c>metric_loss</c>; miners: <c>subset_batch_miner</c>, <c>tuple_miner</c>.
/// </summary>
public sealed class MetricLossOnly : BaseTrainer
{
    /// <summary>Sets the run up.</summary>
    /// <exception cref="SetupException">The options have mistakes: all of them, together.</exception>
    public MetricLossOnly(TrainerOptions options)
        : base(Core.MetricLossOnlyModule.recipe, options) { }
}
