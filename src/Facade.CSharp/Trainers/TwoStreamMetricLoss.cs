namespace MetricLearning;

/// <summary>
/// Trains a trunk, and an embedder if there is one, with one loss across two streams. A sample is (anchor, positive or
/// negative, label); anchors come from the first stream, positives and negatives from the second. Models: <c>trunk</c>,
/// usually <c>embedder</c>; loss functions: <c>metric_loss</c>; miners: <c>tuple_miner</c>, without which all triplets
/// across the streams are taken.
/// </summary>
public sealed class TwoStreamMetricLoss : BaseTrainer
{
    /// <summary>Sets the run up.</summary>
    /// <exception cref="SetupException">The options have mistakes: all of them, together.</exception>
    public TwoStreamMetricLoss(TrainerOptions options)
        : base(Core.TwoStreamMetricLossModule.recipe, options) { }
}
