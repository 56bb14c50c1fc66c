namespace MetricLearning

open System

/// Ranges of numeric arguments: outside of one, an ArgumentException that names the argument.
module internal Ranges =

    let require (argument: string) (holds: bool) (wanted: string) (given: obj) : unit =
        if not holds then
            raise (ArgumentException($"{argument} must be {wanted}, not {given}.", argument))

    let atLeast (least: int64) (argument: string) (given: int64) : unit =
        require argument (given >= least) $"at least {least}" given

    let within (least: float) (most: float) (argument: string) (given: float) : unit =
        require argument (given >= least && given <= most) $"from {least} to {most}" given

    let notNegative (argument: string) (given: float) : unit =
        require argument (Double.IsFinite given && given >= 0.0) "a finite number, 0 or more" given

    let positive (argument: string) (given: float) : unit =
        require argument (Double.IsFinite given && given > 0.0) "a finite number above 0" given

    /// For betas: the weight of what was before in a running mean.
    let decayRate (argument: string) (given: float) : unit =
        require argument (given >= 0.0 && given < 1.0) "0 or more and below 1" given
