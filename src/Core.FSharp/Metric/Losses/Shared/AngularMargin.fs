namespace MetricLearning

open System
open TorchSharp

/// Margins on the angle θ between an embedding and another one or a class vector, from cos θ.
module internal AngularMargin =

    /// Degrees as radians.
    let radians (degrees: float) : float = degrees * Math.PI / 180.0

    /// cos(θ + m).
    let turned (margin: float) (cosine: torch.Tensor) : torch.Tensor =
        // The square root of 0 has no finite slope, so the sine must not become 0.
        let limit = 1.0 - Numeric.epsilon cosine.dtype
        let inner = cosine.clamp (Numeric.scalar -limit, Numeric.scalar limit)
        inner .* cos margin - (1.0 -. inner.squared ()).sqrt() .* sin margin

    /// cos(θ + m); beyond θ = π − m, where that would rise again, cos θ − m sin m.
    let added (margin: float) (cosine: torch.Tensor) : torch.Tensor =
        torch.where (
            cosine.ge (Numeric.scalar (cos (Math.PI - margin))),
            turned margin cosine,
            cosine .- margin * sin margin
        )

    /// The same, and its derivative with respect to cos θ.
    let addedWithSlope (margin: float) (cosine: torch.Tensor) : struct (torch.Tensor * torch.Tensor) =
        let limit = 1.0 - Numeric.epsilon cosine.dtype
        let inner = cosine.clamp (Numeric.scalar -limit, Numeric.scalar limit)

        let sine =
            (Numeric.constant inner 1.0).addcmul(inner, inner, Numeric.scalar -1.0).sqrt()

        let isTurned = cosine.ge (Numeric.scalar (cos (Math.PI - margin)))
        let turned = (inner .* cos margin).add(sine, Numeric.scalar -(sin margin))
        let value = torch.where (isTurned, turned, cosine .- margin * sin margin)
        // Beyond its limits the cosine is constant.
        let isInner = inner.eq cosine

        let slope =
            (Numeric.constant inner (cos margin)).addcdiv(inner, sine, Numeric.scalar (sin margin))
            * isInner

        struct (value, Numeric.whereOr 1.0 isTurned slope)

    /// (−1)ᵏ cos(mθ) − 2k with k = ⌊mθ/π⌋, which falls all the way from θ = 0 to π.
    let multiplied (margin: int) (cosine: torch.Tensor) : torch.Tensor =
        // cos(mθ) by Chebyshev's recursion, exact and smooth where cos(m · acos x) has no finite slope.
        let mutable before, multiple = torch.ones_like cosine, cosine

        for _ in 2..margin do
            let next = 2.0 *. cosine * multiple - before
            before <- multiple
            multiple <- next

        let one = Numeric.scalar 1.0
        let angle = cosine.detach().clamp(Numeric.scalar -1.0, one).acos()
        let k = (angle .* (float margin / Math.PI)).floor()
        let sign = 1.0 -. 2.0 *. k.remainder (Numeric.scalar 2.0)
        sign * multiple - 2.0 *. k

    /// An error unless the margin is a factor that makes angles larger.
    let check (loss: string) (margin: int) : unit =
        if margin < 1 then
            invalidArg
                (nameof margin)
                $"{loss} multiplies angles by its margin, a whole number of at least 1; it is {margin}."
