namespace MetricLearning.Core.Regularizers

open MetricLearning
open TorchSharp
open MetricLearning.Core

/// Long rows cost: ‖x‖ₚ to a power.
[<RequireQualifiedAccess>]
type Lp =
    {
        /// Which norm.
        P: double
        /// What it is raised to.
        Power: double
    }

/// ‖x‖ₚ of every row, to a power.
module Lp =

    /// The Euclidean norm.
    let defaults: Lp = { P = 2.0; Power = 1.0 }

    /// One value a row.
    let elements (options: Lp) (rows: torch.Tensor) : LossElements =
        let norms = torch.linalg.vector_norm (rows, options.P, [| 1L |])

        ElementsOf.Rows(
            "loss",
            if options.Power = 1.0 then
                norms
            else
                norms.pow (Numeric.scalar options.Power)
        )

    /// The regularizer.
    let regularizer (options: Lp) : Regularizer =
        { new Regularizer() with
            override _.ComputeLoss rows = elements options rows
        }
