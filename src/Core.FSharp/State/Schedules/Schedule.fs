namespace MetricLearning

open System
open System.Runtime.InteropServices
open MetricLearning.Ranges

/// <summary>A learning-rate schedule as a value: its counts are part of the training state, so it resumes, forks and
/// rewinds with it. Formulas, arguments and defaults are those of PyTorch's scheduler of the same name. An argument out of
/// range is an <see cref="ArgumentException"/> that names it.</summary>
[<Sealed>]
type Schedule private (rule: ScheduleRule, optimizer: string | null) =
    inherit AnySchedule()

    static let each (check: string -> float -> unit) (argument: string) (given: float[]) =
        require argument (given.Length > 0) "one number for all parameter groups or one each" "none"
        Array.iter (check argument) given

    private new(rule: ScheduleRule) = Schedule(rule, null)

    /// The formula.
    member internal _.Rule = rule

    /// The key of the optimizer it drives; null for the optimizer of the schedule's own key.
    member internal _.Optimizer = optimizer

    /// <summary>The same schedule for the optimizer of another key, such as <c>trunk_optimizer</c>. Without this, a
    /// schedule drives the optimizer of its own key.</summary>
    /// <param name="optimizer">The optimizer's key.</param>
    member _.Drives(optimizer: string) : Schedule =
        ArgumentNullException.ThrowIfNull(optimizer, nameof optimizer)
        Schedule(rule, optimizer)

    /// <summary>Multiplies the rate by a factor at regular intervals.</summary>
    /// <param name="stepSize">Number of steps between two reductions.</param>
    /// <param name="gamma">The factor.</param>
    static member Step(stepSize: int64, [<Optional; DefaultParameterValue(0.1)>] gamma: float) : Schedule =
        atLeast 1L (nameof stepSize) stepSize
        notNegative (nameof gamma) gamma
        Schedule(ScheduleRule.Step(stepSize, gamma))

    /// <summary>Multiplies the rate by a factor at given numbers of steps.</summary>
    /// <param name="milestones">The numbers of steps; one that is given twice counts twice.</param>
    /// <param name="gamma">The factor.</param>
    static member MultiStep(milestones: int64 seq, [<Optional; DefaultParameterValue(0.1)>] gamma: float) : Schedule =
        ArgumentNullException.ThrowIfNull(milestones, nameof milestones)
        let milestones = Seq.toArray milestones
        milestones |> Array.iter (atLeast 0L (nameof milestones))
        notNegative (nameof gamma) gamma
        Schedule(ScheduleRule.MultiStep(milestones, gamma))

    /// <summary>Multiplies the rate by a factor at every step.</summary>
    /// <param name="gamma">The factor.</param>
    static member Exponential(gamma: float) : Schedule =
        notNegative (nameof gamma) gamma
        Schedule(ScheduleRule.Exponential gamma)

    /// <summary>Half a cosine from the initial rate to <paramref name="etaMin"/>, and back again in as many steps
    /// (Loshchilov and Hutter 2017, without the restarts).</summary>
    /// <param name="tMax">Number of steps to the minimum.</param>
    /// <param name="etaMin">The minimum.</param>
    static member CosineAnnealing(tMax: int64, [<Optional; DefaultParameterValue(0.0)>] etaMin: float) : Schedule =
        atLeast 1L (nameof tMax) tMax
        notNegative (nameof etaMin) etaMin
        Schedule(ScheduleRule.CosineAnnealing(tMax, etaMin))

    /// <summary>Half a cosine from the initial rate to <paramref name="etaMin"/>, then again from the start
    /// (SGDR, Loshchilov and Hutter 2017).</summary>
    /// <param name="t0">Number of steps of the first cycle.</param>
    /// <param name="tMult">Each cycle is this many times as long as the one before.</param>
    /// <param name="etaMin">The minimum.</param>
    static member CosineAnnealingWarmRestarts
        (
            t0: int64,
            [<Optional; DefaultParameterValue(1L)>] tMult: int64,
            [<Optional; DefaultParameterValue(0.0)>] etaMin: float
        ) : Schedule =
        atLeast 1L (nameof t0) t0
        atLeast 1L (nameof tMult) tMult
        notNegative (nameof etaMin) etaMin
        Schedule(ScheduleRule.CosineAnnealingWarmRestarts(t0, tMult, etaMin))

    /// <summary>A straight line from one fraction of the initial rate to another: a warm-up.</summary>
    /// <param name="startFactor">The first fraction, above 0 and at most 1.</param>
    /// <param name="endFactor">The last fraction, from 0 to 1.</param>
    /// <param name="totalIters">Number of steps in between.</param>
    static member Linear
        (
            [<Optional; DefaultParameterValue(0.3333333333333333)>] startFactor: float,
            [<Optional; DefaultParameterValue(1.0)>] endFactor: float,
            [<Optional; DefaultParameterValue(5L)>] totalIters: int64
        ) : Schedule =
        require (nameof startFactor) (startFactor > 0.0 && startFactor <= 1.0) "above 0 and at most 1" startFactor
        within 0.0 1.0 (nameof endFactor) endFactor
        atLeast 1L (nameof totalIters) totalIters
        Schedule(ScheduleRule.Linear(startFactor, endFactor, totalIters))

    /// <summary>To zero, as a power of the steps that are left.</summary>
    /// <param name="totalIters">Number of steps.</param>
    /// <param name="power">The power.</param>
    static member Polynomial
        (
            [<Optional; DefaultParameterValue(5L)>] totalIters: int64,
            [<Optional; DefaultParameterValue(1.0)>] power: float
        ) : Schedule =
        atLeast 1L (nameof totalIters) totalIters
        notNegative (nameof power) power
        Schedule(ScheduleRule.Polynomial(totalIters, power))

    /// <summary>One rise to a peak and one fall, independent of the optimizer's initial rate (Smith and Topin 2018). It
    /// moves the rate alone, as PyTorch's with <c>cycle_momentum=False</c>.</summary>
    /// <param name="maxLr">The peak of each parameter group, or one for all.</param>
    /// <param name="totalSteps">Length of the cycle: epochs times steps per epoch. More steps are refused.</param>
    /// <param name="pctStart">Fraction of the cycle that rises, from 0 to 1.</param>
    /// <param name="annealStrategy">The curve between two rates.</param>
    /// <param name="divFactor">The first rate is the peak divided by this.</param>
    /// <param name="finalDivFactor">The last rate is the first divided by this.</param>
    /// <param name="threePhase">Falls as steeply as it rose, then to the last rate; not in one slope.</param>
    static member OneCycle
        (
            maxLr: float seq,
            totalSteps: int64,
            [<Optional; DefaultParameterValue(0.3)>] pctStart: float,
            [<Optional; DefaultParameterValue(AnnealStrategy.Cos)>] annealStrategy: AnnealStrategy,
            [<Optional; DefaultParameterValue(25.0)>] divFactor: float,
            [<Optional; DefaultParameterValue(1e4)>] finalDivFactor: float,
            [<Optional; DefaultParameterValue(false)>] threePhase: bool
        ) : Schedule =
        ArgumentNullException.ThrowIfNull(maxLr, nameof maxLr)
        let maxLr = Seq.toArray maxLr
        each positive (nameof maxLr) maxLr
        atLeast 1L (nameof totalSteps) totalSteps
        within 0.0 1.0 (nameof pctStart) pctStart
        positive (nameof divFactor) divFactor
        positive (nameof finalDivFactor) finalDivFactor

        Schedule(
            ScheduleRule.OneCycle
                {
                    MaxLr = maxLr
                    TotalSteps = totalSteps
                    PctStart = pctStart
                    Anneal = annealStrategy
                    DivFactor = divFactor
                    FinalDivFactor = finalDivFactor
                    ThreePhase = threePhase
                }
        )

    /// <summary>One rise to a peak and one fall, independent of the optimizer's initial rate (Smith and Topin 2018). It
    /// moves the rate alone, as PyTorch's with <c>cycle_momentum=False</c>.</summary>
    /// <param name="maxLr">The peak.</param>
    /// <param name="totalSteps">Length of the cycle: epochs times steps per epoch. More steps are refused.</param>
    /// <param name="pctStart">Fraction of the cycle that rises, from 0 to 1.</param>
    /// <param name="annealStrategy">The curve between two rates.</param>
    /// <param name="divFactor">The first rate is the peak divided by this.</param>
    /// <param name="finalDivFactor">The last rate is the first divided by this.</param>
    /// <param name="threePhase">Falls as steeply as it rose, then to the last rate; not in one slope.</param>
    static member OneCycle
        (
            maxLr: float,
            totalSteps: int64,
            [<Optional; DefaultParameterValue(0.3)>] pctStart: float,
            [<Optional; DefaultParameterValue(AnnealStrategy.Cos)>] annealStrategy: AnnealStrategy,
            [<Optional; DefaultParameterValue(25.0)>] divFactor: float,
            [<Optional; DefaultParameterValue(1e4)>] finalDivFactor: float,
            [<Optional; DefaultParameterValue(false)>] threePhase: bool
        ) : Schedule =
        Schedule.OneCycle([| maxLr |], totalSteps, pctStart, annealStrategy, divFactor, finalDivFactor, threePhase)

    /// <summary>Multiplies the rate by a factor when a watched value no longer improves: PyTorch's ReduceLROnPlateau. It
    /// belongs under a key that ends in <c>_scheduler_by_plateau</c>.</summary>
    /// <param name="mode">The direction in which the value improves.</param>
    /// <param name="factor">The factor, below 1.</param>
    /// <param name="patience">Number of values in a row without improvement that are tolerated.</param>
    /// <param name="threshold">The least improvement that counts.</param>
    /// <param name="thresholdMode">Whether the threshold is a fraction of the best value or a difference from it.</param>
    /// <param name="cooldown">Number of values after a reduction that are not counted.</param>
    /// <param name="minLr">Lower bound of the rate, one for all parameter groups or one each; 0 by default.</param>
    /// <param name="eps">Reductions by no more than this are left out.</param>
    static member ReduceOnPlateau
        (
            [<Optional; DefaultParameterValue(PlateauMode.Min)>] mode: PlateauMode,
            [<Optional; DefaultParameterValue(0.1)>] factor: float,
            [<Optional; DefaultParameterValue(10L)>] patience: int64,
            [<Optional; DefaultParameterValue(1e-4)>] threshold: float,
            [<Optional; DefaultParameterValue(ThresholdMode.Rel)>] thresholdMode: ThresholdMode,
            [<Optional; DefaultParameterValue(0L)>] cooldown: int64,
            [<Optional; DefaultParameterValue(null: float seq | null)>] minLr: float seq | null,
            [<Optional; DefaultParameterValue(1e-8)>] eps: float
        ) : Schedule =
        require (nameof factor) (factor >= 0.0 && factor < 1.0) "0 or more and below 1" factor
        atLeast 0L (nameof patience) patience
        notNegative (nameof threshold) threshold
        atLeast 0L (nameof cooldown) cooldown

        let lowest =
            match minLr with
            | null -> [| 0.0 |]
            | given -> Seq.toArray given

        each notNegative (nameof minLr) lowest
        notNegative (nameof eps) eps

        Schedule(
            ScheduleRule.ReduceOnPlateau
                {
                    Mode = mode
                    Factor = factor
                    Patience = patience
                    Threshold = threshold
                    ThresholdMode = thresholdMode
                    Cooldown = cooldown
                    MinLr = lowest
                    Eps = eps
                }
        )
