namespace MetricLearning

open System

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

    let private curve (schedule: Schedule) (byEpoch: bool) : RuleSchedule =
        ArgumentNullException.ThrowIfNull(schedule, nameof schedule)

        if schedule.Rule.IsReduceOnPlateau then
            invalidArg
                (nameof schedule)
                "A plateau schedule moves learning rates alone, by the scores that a run is told. Give one that moves by steps."

        if not (isNull schedule.Optimizer) then
            invalidArg
                (nameof schedule)
                $"The schedule drives the learning rate of \"{schedule.Optimizer}\"; leave Drives out."

        {
            Curve = schedule.Rule
            ByEpoch = byEpoch
        }

    /// The same with a schedule of the weight decay.
    /// Raises ArgumentException for a plateau schedule, or one that drives an optimizer.
    let withDecay (schedule: Schedule) (byEpoch: bool) (schedules: RuleSchedules) : RuleSchedules =
        { schedules with
            Decay = Some(curve schedule byEpoch)
        }

    /// The same with a schedule of the momentum of a rule.
    /// Raises ArgumentException for a plateau schedule, or one that drives an optimizer; InvalidOperationException for a rule without
    /// momentum.
    let withMomentum (rule: Rule) (schedule: Schedule) (byEpoch: bool) (schedules: RuleSchedules) : RuleSchedules =
        let curve = curve schedule byEpoch

        if rule.Momentum.IsNone then
            invalidOp
                $"This {rule.Name} has no momentum that a schedule could move. SGD and RMSProp need a momentum above 0 to begin with; Adam, AdamW, Adamax and RAdam have one in beta1."

        { schedules with Momentum = Some curve }

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
