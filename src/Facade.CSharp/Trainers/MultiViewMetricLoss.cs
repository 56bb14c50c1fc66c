namespace MetricLearning;

/// <summary>
/// Trains a trunk, and an embedder if there is one, with one loss on several views of every sample. A sample is (view, other view,
/// label), as <see cref="TrainingData.ToViews"/> and <see cref="TrainingData.ToLabelledViews"/> make them. A loss with labels sees
/// all views as one batch: with <see cref="NTXentLoss"/> it is SimCLR, with <see cref="SupConLoss"/> and labels of classes SupCon.
/// A loss without labels, such as <see cref="VICRegLoss"/>, compares each view with each other one. Models: <c>trunk</c>, usually
/// <c>embedder</c>; loss functions: <c>metric_loss</c>; miners: <c>tuple_miner</c>.
/// </summary>
public sealed class MultiViewMetricLoss : BaseTrainer
{
    /// <summary>Sets the run up.</summary>
    /// <exception cref="SetupException">The options have mistakes: all of them, together.</exception>
    public MultiViewMetricLoss(TrainerOptions options)
        : base(Core.MultiViewMetricLossModule.recipe, options) { }
}
