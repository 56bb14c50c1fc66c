using MetricLearning.Core;

namespace MetricLearning;

/// <summary>The curve between two learning rates: half a cosine, or a straight line.</summary>
public enum AnnealStrategy
{
    /// <summary>Half a cosine.</summary>
    Cos,

    /// <summary>A straight line.</summary>
    Linear,
}

/// <summary>Whether a plateau is a value that no longer falls, or one that no longer rises.</summary>
public enum PlateauMode
{
    /// <summary>Lower is better.</summary>
    Min,

    /// <summary>Higher is better.</summary>
    Max,
}

/// <summary>Whether a threshold is a part of the best value, or a difference from it.</summary>
public enum ThresholdMode
{
    /// <summary>A part of the best value.</summary>
    Rel,

    /// <summary>A difference from the best value.</summary>
    Abs,
}

/// <summary>
/// A learning-rate schedule as a value: its counts are part of the training state, so it resumes, forks and rewinds
/// with it. Formulas and arguments are those of PyTorch's scheduler of the same name. An argument out of range is an
/// <see cref="ArgumentException"/> that names it.
/// </summary>
public sealed class Schedule
{
    private Schedule(Core.Schedule value) => Value = value;

    internal Core.Schedule Value { get; }

    /// <summary>The same schedule for the optimizer of this key, such as <c>trunk_optimizer</c>, whatever the
    /// schedule's own key says.</summary>
    public Schedule Drives(string optimizer) => new(ScheduleModule.drives(optimizer, Value));

    /// <summary>Times <paramref name="gamma"/> after every <paramref name="stepSize"/> steps.</summary>
    public static Schedule Step(long stepSize, double gamma = 0.1) => new(ScheduleModule.step(stepSize, gamma));

    /// <summary>Times <paramref name="gamma"/> at each milestone, a number of steps.</summary>
    public static Schedule MultiStep(IEnumerable<long> milestones, double gamma = 0.1) =>
        new(ScheduleModule.multiStep(milestones, gamma));

    /// <summary>Times <paramref name="gamma"/> at every step.</summary>
    public static Schedule Exponential(double gamma) => new(ScheduleModule.exponential(gamma));

    /// <summary>Half a cosine from the initial rate to <paramref name="etaMin"/> in <paramref name="tMax"/> steps, and
    /// back in as many.</summary>
    public static Schedule CosineAnnealing(long tMax, double etaMin = 0) => new(ScheduleModule.cosine(tMax, etaMin));

    /// <summary>Half a cosine in <paramref name="t0"/> steps, then again from the start, each time
    /// <paramref name="tMult"/> times as long.</summary>
    public static Schedule CosineAnnealingWarmRestarts(long t0, long tMult = 1, double etaMin = 0) =>
        new(ScheduleModule.cosineWarmRestarts(t0, tMult, etaMin));

    /// <summary>From <paramref name="startFactor"/> to <paramref name="endFactor"/> times the initial rate in
    /// <paramref name="totalIters"/> steps, in a straight line: a warm-up.</summary>
    public static Schedule Linear(double startFactor = 1.0 / 3, double endFactor = 1, long totalIters = 5) =>
        new(ScheduleModule.linearWarmUp(startFactor, endFactor, totalIters));

    /// <summary>To zero in <paramref name="totalIters"/> steps, as a power of what is left of them.</summary>
    public static Schedule Polynomial(long totalIters = 5, double power = 1) =>
        new(ScheduleModule.polynomial(totalIters, power));

    /// <summary>One rise to <paramref name="maxLr"/> and one fall in <paramref name="totalSteps"/> steps (epochs times
    /// steps per epoch), whatever the optimizer's own rate. It moves the rate alone, as PyTorch's with
    /// <c>cycle_momentum=False</c>.</summary>
    public static Schedule OneCycle(
        double maxLr,
        long totalSteps,
        double pctStart = 0.3,
        AnnealStrategy annealStrategy = AnnealStrategy.Cos,
        double divFactor = 25,
        double finalDivFactor = 1e4,
        bool threePhase = false
    ) => OneCycle([maxLr], totalSteps, pctStart, annealStrategy, divFactor, finalDivFactor, threePhase);

    /// <summary>A one-cycle schedule with a peak for each parameter group.</summary>
    public static Schedule OneCycle(
        IEnumerable<double> maxLr,
        long totalSteps,
        double pctStart = 0.3,
        AnnealStrategy annealStrategy = AnnealStrategy.Cos,
        double divFactor = 25,
        double finalDivFactor = 1e4,
        bool threePhase = false
    ) =>
        new(
            ScheduleModule.oneCycleOf(
                new Core.OneCycle(
                    [.. maxLr],
                    totalSteps,
                    pctStart,
                    annealStrategy == AnnealStrategy.Cos ? Core.Annealing.Cosine : Core.Annealing.Linear,
                    divFactor,
                    finalDivFactor,
                    threePhase
                )
            )
        );

    /// <summary>Times <paramref name="factor"/> when a watched value no longer improves: PyTorch's ReduceLROnPlateau.
    /// It belongs under a key that ends in <c>_scheduler_by_plateau</c>. <paramref name="minLr"/> is one rate for all
    /// parameter groups or one each.</summary>
    public static Schedule ReduceOnPlateau(
        PlateauMode mode = PlateauMode.Min,
        double factor = 0.1,
        long patience = 10,
        double threshold = 1e-4,
        ThresholdMode thresholdMode = ThresholdMode.Rel,
        long cooldown = 0,
        IEnumerable<double>? minLr = null,
        double eps = 1e-8
    ) =>
        new(
            ScheduleModule.plateau(
                new Core.Plateau(
                    mode == PlateauMode.Min ? Core.PlateauMode.Min : Core.PlateauMode.Max,
                    factor,
                    patience,
                    threshold,
                    thresholdMode == ThresholdMode.Rel ? Core.ThresholdMode.Relative : Core.ThresholdMode.Absolute,
                    cooldown,
                    [.. minLr ?? [0.0]],
                    eps
                )
            )
        );
}
