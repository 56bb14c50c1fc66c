namespace MetricLearning

open System

/// The rate after n steps as a formula of n, for each schedule but the plateau. Those of PyTorch's equal the rate at which its
/// scheduler with the same arguments arrives step by step.
module internal ClosedForm =

    /// One number for all parameter groups, or each group's own.
    let ofGroup (argument: string) (group: int) (values: float[]) : float =
        if values.Length = 1 then
            values[0]
        elif group < values.Length then
            values[group]
        else
            invalidArg argument $"{argument} has {values.Length} numbers, but the optimizer has more parameter groups."

    // Half a cosine from `start` to `stop` as `part` goes from 0 to 1.
    let private halfCosine (start: float) (stop: float) (part: float) =
        stop + (start - stop) * (1.0 + cos (Math.PI * part)) / 2.0

    let private between (anneal: AnnealStrategy) (start: float) (stop: float) (part: float) =
        if anneal = AnnealStrategy.Cos then
            halfCosine start stop part
        else
            start + (stop - start) * part

    // The position in the current cycle and its length. Powers of tMult are added up as integers, because a logarithm
    // may fall on the wrong side of a restart.
    let rec private restart (length: int64) (tMult: int64) (steps: int64) =
        if steps < length then struct (steps, length)
        elif tMult = 1L then struct (steps % length, length)
        else restart (length * tMult) tMult (steps - length)

    let private oneCycle (cycle: OneCycle) (group: int) (steps: int64) =
        if steps > cycle.TotalSteps then
            invalidOp
                $"A one-cycle schedule of {cycle.TotalSteps} total steps was stepped {steps} times. Give it as many total steps as it will be stepped."

        let top = ofGroup "maxLr" group cycle.Top
        let first = ofGroup "maxLr" group cycle.First
        let last = ofGroup "maxLr" group cycle.Last
        let length = float cycle.TotalSteps
        let rise = cycle.PctStart * length - 1.0

        let phases =
            if cycle.ThreePhase then
                [
                    struct (rise, first, top)
                    struct (2.0 * cycle.PctStart * length - 2.0, top, first)
                    struct (length - 1.0, first, last)
                ]
            else
                [ struct (rise, first, top); struct (length - 1.0, top, last) ]

        let rec at (begins: float) phases =
            match phases with
            | [] -> last
            | struct (ends, start, stop) :: later when float steps <= ends || List.isEmpty later ->
                // A phase may have no length: it is over when it begins.
                if ends = begins then
                    stop
                else
                    between cycle.Anneal start stop ((float steps - begins) / (ends - begins))
            | struct (ends, _, _) :: later -> at ends later

        at 0.0 phases

    /// The rate of a parameter group (counted from 0) after `steps` steps from this initial rate. A plateau schedule
    /// has no such formula and leaves the initial rate.
    let rec rate (rule: ScheduleRule) (group: int) (initial: float) (steps: int64) : float =
        match rule with
        | ScheduleRule.Step(stepSize, gamma) -> initial * Math.Pow(gamma, float (steps / stepSize))
        | ScheduleRule.MultiStep(milestones, gamma) ->
            let passed =
                milestones |> Array.sumBy (fun milestone -> if milestone <= steps then 1 else 0)

            initial * Math.Pow(gamma, float passed)
        | ScheduleRule.Exponential gamma -> initial * Math.Pow(gamma, float steps)
        | ScheduleRule.CosineAnnealing(tMax, etaMin) -> halfCosine initial etaMin (float steps / float tMax)
        | ScheduleRule.CosineAnnealingWarmRestarts(t0, tMult, etaMin) ->
            let struct (position, length) = restart t0 tMult steps
            halfCosine initial etaMin (float position / float length)
        | ScheduleRule.Linear(startFactor, endFactor, totalIters) ->
            let part = float (min totalIters steps) / float totalIters
            initial * (startFactor + (endFactor - startFactor) * part)
        | ScheduleRule.Polynomial(totalIters, power) ->
            initial * Math.Pow(1.0 - float (min totalIters steps) / float totalIters, power)
        | ScheduleRule.OneCycle cycle -> oneCycle cycle group steps
        | ScheduleRule.ReduceOnPlateau _ -> initial
        | ScheduleRule.Sequence(first, length, _) when steps < length -> rate first group initial steps
        | ScheduleRule.Sequence(_, length, next) -> rate next group initial (steps - length)
        | ScheduleRule.Chain _ when initial = 0.0 -> 0.0
        | ScheduleRule.Chain(one, other) -> rate one group initial steps * (rate other group initial steps / initial)

    /// The number of steps after which a schedule has arrived; None for one that has no end.
    let rec length (rule: ScheduleRule) : int64 option =
        match rule with
        | ScheduleRule.CosineAnnealing(steps, _)
        | ScheduleRule.Linear(_, _, steps)
        | ScheduleRule.Polynomial(steps, _) -> Some steps
        | ScheduleRule.OneCycle cycle -> Some cycle.TotalSteps
        | ScheduleRule.Sequence(_, before, next) -> length next |> Option.map ((+) before)
        | ScheduleRule.Chain(one, other) -> Option.map2 max (length one) (length other)
        | ScheduleRule.Step _
        | ScheduleRule.MultiStep _
        | ScheduleRule.Exponential _
        | ScheduleRule.CosineAnnealingWarmRestarts _
        | ScheduleRule.ReduceOnPlateau _ -> None
