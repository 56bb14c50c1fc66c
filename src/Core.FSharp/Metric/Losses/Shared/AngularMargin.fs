namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// The margin of LargeMarginSoftmax and SphereFace: the angle of the right class times m.
module AngularMargin =

    /// (−1)ᵏ cos(mθ) − 2k with k = ⌊mθ/π⌋, which falls all the way from θ = 0 to π; from cos θ.
    let apply (margin: int) (cosine: torch.Tensor) : torch.Tensor =
        // cos(mθ) by Chebyshev's recursion, exact and smooth where cos(m · acos x) has no finite slope.
        let mutable before, multiple = torch.ones_like cosine, cosine

        for _ in 2..margin do
            let next = 2.0 * cosine * multiple - before
            before <- multiple
            multiple <- next

        let one = Numeric.scalar 1.0
        let angle = cosine.detach().clamp(Numeric.scalar -1.0, one).acos()
        let k = (angle * (float margin / Math.PI)).floor()
        let sign = 1.0 - 2.0 * k.remainder (Numeric.scalar 2.0)
        sign * multiple - 2.0 * k

    /// An error unless the margin is a factor that makes angles larger.
    let check (loss: string) (margin: int) : unit =
        if margin < 1 then
            invalidArg
                (nameof margin)
                $"{loss} multiplies angles by its margin, a whole number of at least 1; it is {margin}."
