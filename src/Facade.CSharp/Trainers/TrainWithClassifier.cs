namespace MetricLearning;

/// <summary>
/// Trains a trunk, usually an embedder, and a classifier on top: a metric loss on the embeddings and a classification loss
/// on the classifier&#39;s scores. Models: <c>trunk</c>, <c>classifier</c>, usually <c>embedder</c>; loss functions:
/// <c>metric_loss</c>, <c>classifier_loss</c>; miners: <c>subset_batch_miner</c>, <c>tuple_miner</c>. Without a classifier
/// it is <see cref="MetricLossOnly"/>.
/// </summary>
public sealed class TrainWithClassifier : BaseTrainer
{
    /// <summary>Sets the run up.</summary>
    /// <exception cref="SetupException">The options have mistakes: all of them, together.</exception>
    public TrainWithClassifier(TrainerOptions options)
        : base(Core.TrainWithClassifierModule.recipe, options) { }
}
