namespace MetricLearning

/// The curve between two learning rates.
type AnnealStrategy =
    /// Half a cosine.
    | Cos = 0
    /// A straight line.
    | Linear = 1

/// The direction in which a watched value improves.
type PlateauMode =
    /// Lower is better.
    | Min = 0
    /// Higher is better.
    | Max = 1

/// The meaning of a plateau schedule's threshold.
type ThresholdMode =
    /// A fraction of the best value.
    | Rel = 0
    /// A difference from the best value.
    | Abs = 1

/// The cycle of PyTorch's OneCycleLR (Smith & Topin 2018, "Super-Convergence"). Of numbers that stand for parameter groups
/// there is one for all of them, or one each.
type internal OneCycle =
    {
        /// The first number.
        First: float[]
        /// That of the turning point.
        Top: float[]
        /// The last.
        Last: float[]
        /// Length of the cycle; it may be stepped this often and not once more.
        TotalSteps: int64
        /// Fraction of the cycle before the turning point, from 0 to 1.
        PctStart: float
        /// The curve between two numbers.
        Anneal: AnnealStrategy
        /// Returns to the first number as steeply as it left it, then to the last; not in one slope.
        ThreePhase: bool
    }

/// Arguments of PyTorch's ReduceLROnPlateau.
type internal Plateau =
    {
        /// The direction in which values improve.
        Mode: PlateauMode
        /// The rate is multiplied by this, below 1.
        Factor: float
        /// Number of values in a row without improvement that are tolerated.
        Patience: int64
        /// The least improvement that counts.
        Threshold: float
        /// The meaning of the threshold.
        ThresholdMode: ThresholdMode
        /// Number of values after a reduction that are not counted.
        Cooldown: int64
        /// Lower bound of the rate: one for all parameter groups, or one each.
        MinLr: float[]
        /// Reductions by no more than this are left out.
        Eps: float
    }

/// The learning rate as a function of the number of steps, or of watched values. Arguments as in PyTorch's scheduler of
/// the same name; formulas in ClosedForm.fs.
[<RequireQualifiedAccess>]
type internal ScheduleRule =
    | Step of stepSize: int64 * gamma: float
    | MultiStep of milestones: int64[] * gamma: float
    | Exponential of gamma: float
    | CosineAnnealing of tMax: int64 * etaMin: float
    | CosineAnnealingWarmRestarts of t0: int64 * tMult: int64 * etaMin: float
    | Linear of startFactor: float * endFactor: float * totalIters: int64
    | Polynomial of totalIters: int64 * power: float
    | OneCycle of OneCycle
    | ReduceOnPlateau of Plateau
    /// One schedule for a number of steps, then another, which counts from 0 again.
    | Sequence of first: ScheduleRule * length: int64 * next: ScheduleRule
    /// Both at once: their factors multiplied.
    | Chain of ScheduleRule * ScheduleRule
