namespace MetricLearning.Core

open MetricLearning
open MetricLearning.Ranges

/// A learning-rate schedule as a value: it holds no counts (those are a ScheduleState) and no optimizer.
type Schedule =
    {
        /// How the rate moves.
        Rule: ScheduleRule
        /// The key of the optimizer it drives; without one, the optimizer of the schedule's own key.
        Optimizer: string option
    }

/// Making schedules. An argument out of range is an ArgumentException that names it.
[<RequireQualifiedAccess>]
module Schedule =

    let private each (check: string -> float -> unit) (argument: string) (given: float[]) =
        require argument (given.Length > 0) "one number for all parameter groups or one each" "none"
        Array.iter (check argument) given

    /// The schedule itself, if its arguments are in range: for one built or changed as a record.
    let validate (schedule: Schedule) : Schedule =
        match schedule.Rule with
        | ScheduleRule.Step(stepSize, gamma) ->
            atLeast 1L (nameof stepSize) stepSize
            notNegative (nameof gamma) gamma
        | ScheduleRule.MultiStep(milestones, gamma) ->
            milestones |> Array.iter (atLeast 0L (nameof milestones))
            notNegative (nameof gamma) gamma
        | ScheduleRule.Exponential gamma -> notNegative (nameof gamma) gamma
        | ScheduleRule.Cosine(tMax, etaMin) ->
            atLeast 1L (nameof tMax) tMax
            notNegative (nameof etaMin) etaMin
        | ScheduleRule.CosineWarmRestarts(t0, tMult, etaMin) ->
            atLeast 1L (nameof t0) t0
            atLeast 1L (nameof tMult) tMult
            notNegative (nameof etaMin) etaMin
        | ScheduleRule.LinearWarmUp(startFactor, endFactor, totalIters) ->
            require (nameof startFactor) (startFactor > 0.0 && startFactor <= 1.0) "above 0 and at most 1" startFactor
            within 0.0 1.0 (nameof endFactor) endFactor
            atLeast 1L (nameof totalIters) totalIters
        | ScheduleRule.Polynomial(totalIters, power) ->
            atLeast 1L (nameof totalIters) totalIters
            notNegative (nameof power) power
        | ScheduleRule.OneCycle cycle ->
            each positive "maxLr" cycle.MaxLr
            atLeast 1L "totalSteps" cycle.TotalSteps
            within 0.0 1.0 "pctStart" cycle.PctStart
            positive "divFactor" cycle.DivFactor
            positive "finalDivFactor" cycle.FinalDivFactor
        | ScheduleRule.Plateau plateau ->
            require "factor" (plateau.Factor >= 0.0 && plateau.Factor < 1.0) "0 or more and below 1" plateau.Factor
            atLeast 0L "patience" plateau.Patience
            notNegative "threshold" plateau.Threshold
            atLeast 0L "cooldown" plateau.Cooldown
            each notNegative "minLr" plateau.MinLr
            notNegative "eps" plateau.Eps

        schedule

    let private create (rule: ScheduleRule) : Schedule =
        validate { Rule = rule; Optimizer = None }

    /// Names the optimizer to drive by its key, such as "trunk_optimizer".
    let drives (optimizer: string) (schedule: Schedule) : Schedule =
        { schedule with
            Optimizer = Some optimizer
        }

    /// Times `gamma` after every `stepSize` steps.
    let step (stepSize: int64) (gamma: float) : Schedule =
        create (ScheduleRule.Step(stepSize, gamma))

    /// Times `gamma` at each milestone, a number of steps; twice at one named twice.
    let multiStep (milestones: int64 seq) (gamma: float) : Schedule =
        create (ScheduleRule.MultiStep(Seq.toArray milestones, gamma))

    /// Times `gamma` at every step.
    let exponential (gamma: float) : Schedule = create (ScheduleRule.Exponential gamma)

    /// Half a cosine from the initial rate to `etaMin` in `tMax` steps, and back in as many.
    /// (Loshchilov & Hutter 2017, "SGDR", without the restarts.)
    let cosine (tMax: int64) (etaMin: float) : Schedule =
        create (ScheduleRule.Cosine(tMax, etaMin))

    /// Half a cosine from the initial rate to `etaMin` in `t0` steps, then again from the start, each time `tMult`
    /// times as long. (Loshchilov & Hutter 2017, "SGDR".)
    let cosineWarmRestarts (t0: int64) (tMult: int64) (etaMin: float) : Schedule =
        create (ScheduleRule.CosineWarmRestarts(t0, tMult, etaMin))

    /// From `startFactor` to `endFactor` times the initial rate in `totalIters` steps, in a straight line.
    let linearWarmUp (startFactor: float) (endFactor: float) (totalIters: int64) : Schedule =
        create (ScheduleRule.LinearWarmUp(startFactor, endFactor, totalIters))

    /// To zero in `totalIters` steps, as the `power`-th power of what is left of them.
    let polynomial (totalIters: int64) (power: float) : Schedule =
        create (ScheduleRule.Polynomial(totalIters, power))

    /// One rise and one fall with these options; `oneCycleDefaults` has PyTorch's.
    let oneCycleOf (options: OneCycle) : Schedule = create (ScheduleRule.OneCycle options)

    /// PyTorch's defaults for a cycle of `totalSteps` steps up to `maxLr`.
    let oneCycleDefaults (maxLr: float) (totalSteps: int64) : OneCycle =
        {
            MaxLr = [| maxLr |]
            TotalSteps = totalSteps
            PctStart = 0.3
            Anneal = Annealing.Cosine
            DivFactor = 25.0
            FinalDivFactor = 1e4
            ThreePhase = false
        }

    /// One rise to `maxLr` and one fall in `totalSteps` steps, whatever the optimizer's own rate.
    let oneCycle (maxLr: float) (totalSteps: int64) : Schedule =
        oneCycleOf (oneCycleDefaults maxLr totalSteps)

    /// PyTorch's defaults: a tenth after more than ten values in a row that are not lower by a ten-thousandth.
    let plateauDefaults: Plateau =
        {
            Mode = PlateauMode.Min
            Factor = 0.1
            Patience = 10L
            Threshold = 1e-4
            ThresholdMode = ThresholdMode.Relative
            Cooldown = 0L
            MinLr = [| 0.0 |]
            Eps = 1e-8
        }

    /// Times a factor when a watched value no longer improves.
    let plateau (options: Plateau) : Schedule = create (ScheduleRule.Plateau options)
