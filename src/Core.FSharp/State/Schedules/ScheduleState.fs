namespace MetricLearning.Core

open System
open MetricLearning

/// The progress of a schedule: all that a run has to keep of it.
type ScheduleState =
    {
        /// Number of steps taken, or of values that a plateau schedule saw.
        Count: int64
        /// The best value that a plateau schedule saw; infinite before the first.
        Best: float
        /// Number of values in a row that were not better.
        BadCount: int64
        /// Number of values to come that are not counted.
        CooldownLeft: int64
    }

/// Stepping schedules. Rates are arrays with one entry for each parameter group of the optimizer; none is changed.
[<RequireQualifiedAccess>]
module ScheduleState =

    /// A schedule that was never stepped.
    let initial (schedule: Schedule) : ScheduleState =
        {
            Count = 0L
            Best =
                match schedule.Rule with
                | ScheduleRule.ReduceOnPlateau plateau when plateau.Mode = PlateauMode.Max -> Double.NegativeInfinity
                | _ -> Double.PositiveInfinity
            BadCount = 0L
            CooldownLeft = 0L
        }

    // Alone on its optimizer, a schedule finds the rate where its formula left it, and the next one is the formula's
    // exactly. Where another schedule has moved it, both act by their ratios.
    let private follow (before: float) (after: float) (current: float) =
        if current = before || before = 0.0 then
            after
        else
            current * (after / before)

    /// The rates before the first step: warm-up and one-cycle start elsewhere than at the optimizer's initial rates.
    let start (schedule: Schedule) (initialRates: float[]) (currentRates: float[]) : float[] =
        Array.init currentRates.Length (fun group ->
            let initial = initialRates[group]
            follow initial (ClosedForm.rate schedule.Rule group initial 0L) currentRates[group])

    /// One step: the new state and the new rates, from the initial and the current ones. A plateau schedule is an
    /// InvalidOperationException: it moves by values, with `observe`.
    let advance
        (schedule: Schedule)
        (initialRates: float[])
        (currentRates: float[])
        (state: ScheduleState)
        : struct (ScheduleState * float[]) =
        match schedule.Rule with
        | ScheduleRule.ReduceOnPlateau _ ->
            invalidOp
                "A plateau schedule is not stepped but shown a value. Put it under a key that ends in _scheduler_by_plateau."
        | rule ->
            let steps = state.Count + 1L

            let rates =
                Array.init currentRates.Length (fun group ->
                    let rate = ClosedForm.rate rule group initialRates[group]
                    follow (rate state.Count) (rate steps) currentRates[group])

            struct ({ state with Count = steps }, rates)

    let private isBetter (plateau: Plateau) (value: float) (best: float) =
        match plateau.Mode = PlateauMode.Min, plateau.ThresholdMode = ThresholdMode.Rel with
        | true, true -> value < best * (1.0 - plateau.Threshold)
        | true, false -> value < best - plateau.Threshold
        | false, true -> value > best * (1.0 + plateau.Threshold)
        | false, false -> value > best + plateau.Threshold

    let private reduce (plateau: Plateau) (rates: float[]) =
        rates
        |> Array.mapi (fun group rate ->
            let lower =
                max (rate * plateau.Factor) (ClosedForm.ofGroup "minLr" group plateau.MinLr)

            if rate - lower > plateau.Eps then lower else rate)

    /// Shows a plateau schedule a value: the new state and the new rates. Another schedule is an
    /// InvalidOperationException: it moves by steps, with `advance`.
    let observe
        (schedule: Schedule)
        (value: float)
        (currentRates: float[])
        (state: ScheduleState)
        : struct (ScheduleState * float[]) =
        match schedule.Rule with
        | ScheduleRule.ReduceOnPlateau plateau ->
            let better = isBetter plateau value state.Best
            let cooling = state.CooldownLeft > 0L
            let bad = if better || cooling then 0L else state.BadCount + 1L

            let seen =
                {
                    Count = state.Count + 1L
                    Best = if better then value else state.Best
                    BadCount = bad
                    CooldownLeft = if cooling then state.CooldownLeft - 1L else 0L
                }

            if bad > plateau.Patience then
                struct ({ seen with
                            BadCount = 0L
                            CooldownLeft = plateau.Cooldown
                        },
                        reduce plateau currentRates)
            else
                struct (seen, Array.copy currentRates)
        | _ ->
            invalidOp
                "Only a plateau schedule is shown values. Put this one under a key that ends in _scheduler_by_iteration or _scheduler_by_epoch."
