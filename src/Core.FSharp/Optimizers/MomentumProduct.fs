namespace MetricLearning

open System
open System.Threading

/// Momenta of NAdam: μₜ = β₁(1 − ½ · 0.96^(tψ)), and their products Πₜ = μ₁ … μₜ.
type internal MomentumProduct =
    private
        {
            Beta1: float
            MomentumDecay: float
            Count: int64
            Value: float
        }

/// Computing momenta and products.
module internal MomentumProduct =

    /// μₜ
    let mu (beta1: float) (momentumDecay: float) (count: int64) : float =
        beta1 * (1.0 - 0.5 * Math.Pow(0.96, float count * momentumDecay))

    let private empty (beta1: float) (momentumDecay: float) =
        {
            Beta1 = beta1
            MomentumDecay = momentumDecay
            Count = 0L
            Value = 1.0
        }

    // The last product asked for: the next step's is one factor away. It is replaced as a whole, so threads that
    // overwrite each other's lose time and nothing else.
    let mutable private last = empty 0.0 0.0

    // Long before this the product no longer shows in 1 − Πₜ.
    let private negligible = 1e-300

    /// Πₜ, the product of the first `count` momenta.
    let upTo (beta1: float) (momentumDecay: float) (count: int64) : float =
        let known = Volatile.Read &last

        let known =
            if
                known.Beta1 = beta1
                && known.MomentumDecay = momentumDecay
                && known.Count <= count
            then
                known
            else
                empty beta1 momentumDecay

        let rec extend step value =
            if step > count || value < negligible then
                value
            else
                extend (step + 1L) (value * mu beta1 momentumDecay step)

        let value = extend (known.Count + 1L) known.Value

        Volatile.Write(
            &last,
            { known with
                Count = count
                Value = value
            }
        )

        value
