namespace MetricLearning;

/// <summary>
/// MoCo: trains a trunk, and an embedder if there is one, on two views of every sample. They make a query of the first view; other
/// networks of the same make, which follow their weights slowly, make a key of the second. The loss compares queries with keys: a
/// <see cref="CrossBatchMemory"/> with those of earlier batches, too. A sample is (view, other view, label), as
/// <see cref="TrainingData.ToViews"/> makes it. Models: <c>trunk</c> and <c>momentum_trunk</c>, usually <c>embedder</c> and
/// <c>momentum_embedder</c>; loss functions: <c>metric_loss</c>.
/// </summary>
public sealed class MomentumContrast : BaseTrainer
{
    /// <summary>Sets the run up.</summary>
    /// <param name="options">The options of the run.</param>
    /// <param name="momentum">
    /// After every step, the networks that follow are this part of what they were, and the rest of what they follow; from 0 to 1.
    /// </param>
    /// <exception cref="SetupException">The options have mistakes: all of them, together.</exception>
    public MomentumContrast(TrainerOptions options, double momentum = 0.999)
        : base(Core.MomentumContrastModule.recipe(momentum), options) { }
}
