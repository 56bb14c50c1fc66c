namespace MetricLearning.Core

/// The factor that the loss is multiplied by in float16, so that small gradients are not rounded to 0, and that gradients are divided
/// by before they are used (Micikevicius et al. 2018, "Mixed Precision Training"). It is a power of two: of numbers that float16
/// holds, none is changed by it.
type LossScale =
    {
        /// The factor.
        Factor: float
        /// Steps since it was last changed.
        GoodSteps: int
    }

/// Following gradients: halved where they overflow, doubled after many steps in which they do not.
module LossScale =

    /// The factor of the first step.
    [<Literal>]
    let First = 65536.0

    /// The smallest: gradients that overflow at it are not those of a loss that is scaled too much.
    [<Literal>]
    let Least = 1.0

    /// The largest.
    [<Literal>]
    let Most = 16777216.0

    /// Steps without overflow before it is doubled.
    [<Literal>]
    let GoodSteps = 2000

    /// Before the first step.
    let start: LossScale = { Factor = First; GoodSteps = 0 }

    /// True if a step may be skipped at it.
    let canFall (scale: LossScale) : bool = scale.Factor > Least

    /// After a step, or after one that was skipped.
    let after (isSkipped: bool) (scale: LossScale) : LossScale =
        if isSkipped then
            {
                Factor = max Least (scale.Factor / 2.0)
                GoodSteps = 0
            }
        elif scale.GoodSteps + 1 < GoodSteps then
            { scale with
                GoodSteps = scale.GoodSteps + 1
            }
        else
            {
                Factor = min Most (scale.Factor * 2.0)
                GoodSteps = 0
            }
