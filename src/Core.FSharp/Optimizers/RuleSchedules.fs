namespace MetricLearning

/// A schedule and what it counts.
type internal RuleSchedule =
    {
        /// The curve.
        Curve: ScheduleRule
        /// Moves at the end of every epoch, not after every iteration.
        ByEpoch: bool
    }

/// The schedules of a rule's numbers. What they count is part of the training state, so they have no state of their own.
type internal RuleSchedules =
    {
        /// Of the weight decay; None where it stays.
        Decay: RuleSchedule option
        /// Of the momentum; None where it stays.
        Momentum: RuleSchedule option
    }

/// Rules whose numbers move.
module internal RuleSchedules =

    /// Every number stays.
    let none: RuleSchedules = { Decay = None; Momentum = None }

    let private numberAt (steps: int64) (epochs: int) (initial: float) (schedule: RuleSchedule option) : float =
        match schedule with
        | None -> initial
        | Some { Curve = curve; ByEpoch = byEpoch } ->
            ClosedForm.rate curve 0 initial (if byEpoch then int64 epochs else steps)

    /// The rule as it is after so many iterations and so many whole epochs of a run.
    /// Raises ArgumentException when a number leaves its range.
    let at (steps: int64) (epochs: int) (schedules: RuleSchedules) (rule: Rule) : Rule =
        if schedules.Decay.IsNone && schedules.Momentum.IsNone then
            rule
        else
            let momentum = Option.defaultValue 0.0 rule.Momentum

            let moved =
                rule.With
                    (numberAt steps epochs rule.Decay schedules.Decay)
                    (numberAt steps epochs momentum schedules.Momentum)

            moved.Validate()
            moved
