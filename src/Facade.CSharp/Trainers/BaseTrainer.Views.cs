using MetricLearning.Core;

namespace MetricLearning;

// What a trainer was given, and how far it has come: what hooks look at.
public abstract partial class BaseTrainer
{
    /// <summary>The networks, as they were given.</summary>
    public Models Models => options.Models;

    /// <summary>The optimizers, as they were given.</summary>
    public Optimizers Optimizers => options.Optimizers;

    /// <summary>The loss functions, as they were given.</summary>
    public LossFuncs LossFuncs => options.LossFuncs;

    /// <summary>The miners, as they were given.</summary>
    public MiningFuncs MiningFuncs => options.MiningFuncs ?? [];

    /// <summary>The learning-rate schedules, as they were given.</summary>
    public LrSchedulers LrSchedulers => options.LrSchedulers ?? [];

    /// <summary>The gradient clippers, as they were given.</summary>
    public GradientClippers GradientClippers => options.GradientClippers ?? [];

    /// <summary>
    /// The weight that every loss had in the last iteration, 0 outside of its phase; before the first, as it was given.
    /// </summary>
    public IReadOnlyDictionary<string, double> LossWeights => session.LossWeights;

    /// <summary>The last iteration&#39;s losses, weighted, and their sum under <c>total_loss</c>; empty before the first.</summary>
    public IReadOnlyDictionary<string, double> Losses => session.Progress.Losses;

    /// <summary>The mean of each loss over the iterations of the current epoch so far.</summary>
    public IReadOnlyDictionary<string, double> EpochLosses => ProgressModule.epochMeans(session.Progress);

    /// <summary>The learning rate of every parameter group, by optimizer key.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> LearningRates => Interop.Rates(session.Progress.Rates);

    /// <summary>The current epoch, from 1; 0 before the first.</summary>
    public int Epoch => session.Progress.Epoch;

    /// <summary>The last iteration of the current epoch that was done, from 0.</summary>
    public int Iteration => Math.Max(0, session.Progress.Iteration - 1);

    /// <summary>
    /// The last iteration counted over all epochs, from 0: <c>Iteration + IterationsPerEpoch * (Epoch - 1)</c>.
    /// </summary>
    public long GlobalIteration =>
        IterationsPerEpoch is { } iterations
            ? Iteration + (long)iterations * Math.Max(0, Epoch - 1)
            : Math.Max(0, session.Progress.Steps - 1);

    /// <summary>
    /// Iterations of the run that moved nothing, because gradients overflowed with <see cref="Precision.Float16"/>.
    /// </summary>
    public long SkippedSteps => session.Progress.SkippedSteps;

    /// <summary>
    /// The factor that the next iteration&#39;s loss is multiplied by before its gradients are computed, and that they are divided by
    /// after; null but with <see cref="Precision.Float16"/>.
    /// </summary>
    public double? LossScale => session.Progress.LossScale?.Value.Factor;

    /// <summary>
    /// The time that the iterations of the current epoch have waited for their batches: next to nothing where
    /// <c>DataloaderNumWorkers</c> threads prepare them faster than the networks learn from them.
    /// </summary>
    public TimeSpan WaitedForData => session.WaitedForData;

    /// <summary>Iterations of an epoch; null when that differs from pass to pass.</summary>
    public int? IterationsPerEpoch => Interop.IterationsPerEpoch(session);
}
