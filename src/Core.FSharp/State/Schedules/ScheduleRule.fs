namespace MetricLearning.Core

open MetricLearning

/// The curve between two rates: half a cosine, or a straight line.
[<RequireQualifiedAccess>]
type Annealing =
    | Cosine
    | Linear

/// Options of PyTorch's OneCycleLR with `cycle_momentum=False`: this schedule moves the rate alone.
/// (Smith & Topin 2018, "Super-Convergence".)
type OneCycle =
    {
        /// The peak: one rate for all parameter groups, or one each.
        MaxLr: float[]
        /// The length of the cycle. It may be stepped this often and not once more.
        TotalSteps: int64
        /// The part of the cycle that rises, from 0 to 1.
        PctStart: float
        /// The curve between two rates.
        Anneal: Annealing
        /// The first rate is the peak divided by this.
        DivFactor: float
        /// The last rate is the first divided by this.
        FinalDivFactor: float
        /// Falls as steeply as it rose, then to the last rate; not in one slope.
        ThreePhase: bool
    }

/// Whether a plateau is a value that no longer falls, or one that no longer rises.
[<RequireQualifiedAccess>]
type PlateauMode =
    | Min
    | Max

/// Whether a threshold is a part of the best value, or a difference from it.
[<RequireQualifiedAccess>]
type ThresholdMode =
    | Relative
    | Absolute

/// Options of PyTorch's ReduceLROnPlateau.
type Plateau =
    {
        /// Whether scores should fall or rise.
        Mode: PlateauMode
        /// What the rate is multiplied by, below 1.
        Factor: float
        /// How many values that are not better are borne before the rate falls.
        Patience: int64
        /// By how much a value must be better than the best one.
        Threshold: float
        /// How the threshold is meant.
        ThresholdMode: ThresholdMode
        /// For how many values after a fall none counts as bad.
        Cooldown: int64
        /// The rate's floor: one for all parameter groups, or one each.
        MinLr: float[]
        /// A fall by no more than this is left out.
        Eps: float
    }

/// How a learning rate depends on the number of steps n, or on watched values. Arguments as in PyTorch's scheduler
/// of the same name; formulas in ClosedForm.fs.
[<RequireQualifiedAccess>]
type ScheduleRule =
    | Step of stepSize: int64 * gamma: float
    | MultiStep of milestones: int64[] * gamma: float
    | Exponential of gamma: float
    | Cosine of tMax: int64 * etaMin: float
    | CosineWarmRestarts of t0: int64 * tMult: int64 * etaMin: float
    | LinearWarmUp of startFactor: float * endFactor: float * totalIters: int64
    | Polynomial of totalIters: int64 * power: float
    | OneCycle of OneCycle
    | Plateau of Plateau
