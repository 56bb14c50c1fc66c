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

    /// <summary>This schedule, and when it is over another one, which counts its steps from 0 and starts from the initial
    /// rate: PyTorch's SequentialLR. A warm-up and a cosine:
    /// <c>Schedule.Linear(0.1, totalIters: 100).Then(Schedule.CosineAnnealing(900))</c>.</summary>
    /// <param name="next">What comes after it. A plateau schedule is an <see cref="ArgumentException"/>.</param>
    /// <param name="after">This schedule's number of steps; null: those that it takes to arrive. One that never arrives,
    /// such as <see cref="Step"/>, needs a number.</param>
    member _.Then
        (next: Schedule, [<Optional; DefaultParameterValue(Nullable<int64>())>] after: Nullable<int64>)
        : Schedule =
        ArgumentNullException.ThrowIfNull(next, nameof next)
        Schedule(ScheduleArguments.sequence (rule, optimizer) (next.Rule, next.Optimizer) after, optimizer)

    /// <summary>This schedule and another one at once, each a factor of the initial rate: PyTorch's ChainedScheduler.</summary>
    /// <param name="other">The other factor. A plateau schedule is an <see cref="ArgumentException"/>.</param>
    member _.ChainedWith(other: Schedule) : Schedule =
        ArgumentNullException.ThrowIfNull(other, nameof other)
        Schedule(ScheduleArguments.chain (rule, optimizer) (other.Rule, other.Optimizer), optimizer)

    /// <summary>The number that the schedule makes of an initial one after some steps: its curve, to look at. Raises
    /// <see cref="InvalidOperationException"/> for a plateau schedule, which moves by values, and for a one-cycle schedule
    /// that is over.</summary>
    /// <param name="initial">The optimizer's learning rate.</param>
    /// <param name="steps">The number of steps, from 0.</param>
    /// <param name="group">The parameter group, from 0, where the schedule has a number for each.</param>
    member _.RateAfter(initial: float, steps: int64, [<Optional; DefaultParameterValue(0)>] group: int) : float =
        notNegative (nameof initial) initial
        atLeast 0L (nameof steps) steps
        atLeast 0L (nameof group) (int64 group)

        if rule.IsReduceOnPlateau then
            invalidOp "A plateau schedule has no curve: it moves by the values that it is shown."

        ClosedForm.rate rule group initial steps

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
    /// moves the rate alone; <see cref="OneCycleMomentum"/> is for the momentum.</summary>
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

        Schedule(
            ScheduleArguments.oneCycle
                (Seq.toArray maxLr)
                totalSteps
                pctStart
                annealStrategy
                divFactor
                finalDivFactor
                threePhase
        )

    /// <summary>One rise to a peak and one fall, independent of the optimizer's initial rate (Smith and Topin 2018). It
    /// moves the rate alone; <see cref="OneCycleMomentum"/> is for the momentum.</summary>
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

    /// <summary>The momentum that goes with <c>OneCycle</c>: down while the rate rises, and up again. It is
    /// for <see cref="PureOptimizer.WithMomentumSchedule"/>; the optimizer's own momentum plays no part.</summary>
    /// <param name="totalSteps">Length of the cycle: epochs times steps per epoch. More steps are refused.</param>
    /// <param name="baseMomentum">The momentum at the rate's peak, from 0 to below 1.</param>
    /// <param name="maxMomentum">The momentum at the beginning and at the end, from 0 to below 1.</param>
    /// <param name="pctStart">Fraction of the cycle that falls, from 0 to 1.</param>
    /// <param name="annealStrategy">The curve between the two.</param>
    /// <param name="threePhase">As that of the rate.</param>
    static member OneCycleMomentum
        (
            totalSteps: int64,
            [<Optional; DefaultParameterValue(0.85)>] baseMomentum: float,
            [<Optional; DefaultParameterValue(0.95)>] maxMomentum: float,
            [<Optional; DefaultParameterValue(0.3)>] pctStart: float,
            [<Optional; DefaultParameterValue(AnnealStrategy.Cos)>] annealStrategy: AnnealStrategy,
            [<Optional; DefaultParameterValue(false)>] threePhase: bool
        ) : Schedule =
        Schedule(ScheduleArguments.momentumCycle baseMomentum maxMomentum totalSteps pctStart annealStrategy threePhase)

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
        Schedule(ScheduleArguments.plateau mode factor patience threshold thresholdMode cooldown minLr eps)
