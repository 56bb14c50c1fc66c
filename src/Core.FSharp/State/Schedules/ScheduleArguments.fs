namespace MetricLearning

open System
open MetricLearning.Ranges

/// The schedules with many arguments, checked: outside of its range, one is an ArgumentException that names it.
module internal ScheduleArguments =

    let private each (check: string -> float -> unit) (argument: string) (given: float[]) =
        require argument (given.Length > 0) "one number for all parameter groups or one each" "none"
        Array.iter (check argument) given

    let private cycle (totalSteps: int64) (pctStart: float) anneal threePhase first top last : ScheduleRule =
        atLeast 1L (nameof totalSteps) totalSteps
        within 0.0 1.0 (nameof pctStart) pctStart

        ScheduleRule.OneCycle
            {
                First = first
                Top = top
                Last = last
                TotalSteps = totalSteps
                PctStart = pctStart
                Anneal = anneal
                ThreePhase = threePhase
            }

    /// PyTorch's OneCycleLR: the rate.
    let oneCycle
        (maxLr: float[])
        totalSteps
        pctStart
        anneal
        (divFactor: float)
        (finalDivFactor: float)
        threePhase
        : ScheduleRule =
        each positive (nameof maxLr) maxLr
        positive (nameof divFactor) divFactor
        positive (nameof finalDivFactor) finalDivFactor
        let first = maxLr |> Array.map (fun top -> top / divFactor)
        let last = first |> Array.map (fun rate -> rate / finalDivFactor)
        cycle totalSteps pctStart anneal threePhase first maxLr last

    /// PyTorch's OneCycleLR: the momentum that goes with it.
    let momentumCycle (baseMomentum: float) (maxMomentum: float) totalSteps pctStart anneal threePhase : ScheduleRule =
        decayRate (nameof baseMomentum) baseMomentum
        decayRate (nameof maxMomentum) maxMomentum
        cycle totalSteps pctStart anneal threePhase [| maxMomentum |] [| baseMomentum |] [| maxMomentum |]

    /// PyTorch's ReduceLROnPlateau.
    let plateau
        (mode: PlateauMode)
        (factor: float)
        (patience: int64)
        (threshold: float)
        (thresholdMode: ThresholdMode)
        (cooldown: int64)
        (minLr: float seq | null)
        (eps: float)
        : ScheduleRule =
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

    // One schedule has one clock and one optimizer, and of a plateau nobody knows beforehand when it is over.
    let private refuseUnfit (argument: string) (rule: ScheduleRule) (driven: string | null) (own: string | null) =
        if rule.IsReduceOnPlateau then
            invalidArg
                argument
                "A plateau schedule moves by values and not by steps: it cannot be joined to another. Give it a key of its own that ends in _scheduler_by_plateau."

        if not (isNull driven) && driven <> own then
            invalidArg
                argument
                $"The joined schedule drives the optimizer \"{driven}\", and what it is joined to another. Join them first, and then say Drives."

    /// Two schedules one after the other. `after`: the first one's number of steps; null: until it has arrived.
    let sequence
        (first: ScheduleRule, own: string | null)
        (next: ScheduleRule, driven: string | null)
        (after: Nullable<int64>)
        : ScheduleRule =
        refuseUnfit "this" first null null
        refuseUnfit (nameof next) next driven own

        let length =
            if after.HasValue then
                atLeast 1L (nameof after) after.Value
                after.Value
            else
                match ClosedForm.length first with
                | Some length -> length
                | None ->
                    invalidArg
                        (nameof after)
                        "The first schedule has no end of its own: say after how many steps the next one begins, as in Then(next, after: 100)."

        try
            ClosedForm.rate first 0 1.0 (length - 1L) |> ignore
        with :? InvalidOperationException as error ->
            raise (
                ArgumentException(
                    $"The first schedule is over before the next one begins: {error.Message}",
                    nameof after
                )
            )

        ScheduleRule.Sequence(first, length, next)

    /// Two schedules at once.
    let chain (one: ScheduleRule, own: string | null) (other: ScheduleRule, driven: string | null) : ScheduleRule =
        refuseUnfit "this" one null null
        refuseUnfit (nameof other) other driven own
        ScheduleRule.Chain(one, other)
