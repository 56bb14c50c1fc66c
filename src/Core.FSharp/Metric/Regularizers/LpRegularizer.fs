namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// ‖x‖ₚ of every row raised to a power: keeps rows short.
[<Sealed>]
type LpRegularizer
    /// <param name="p">Order of the norm.</param>
    /// <param name="power">Exponent of the norm.</param>
    ([<Optional; DefaultParameterValue(2.0)>] p: double, [<Optional; DefaultParameterValue(1.0)>] power: double) =
    inherit Regularizer("LpRegularizer")

    override _.ComputeLoss rows =
        let norms = torch.linalg.norm (rows, p, [| 1L |])

        ElementsOf.Rows(
            "loss",
            (if power = 1.0 then
                 norms
             else
                 norms.pow (Numeric.scalar power))
        )
