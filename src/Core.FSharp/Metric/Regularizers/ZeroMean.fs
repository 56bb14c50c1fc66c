namespace MetricLearning.Core.Regularizers

open MetricLearning
open TorchSharp
open MetricLearning.Core

/// Rows whose numbers do not add up to zero cost.
module ZeroMean =

    /// |Σ x| of every row.
    let elements (rows: torch.Tensor) : LossElements =
        ElementsOf.Rows("loss", (rows.sum 1L).abs())

    /// The regularizer.
    let regularizer () : Regularizer =
        { new Regularizer() with
            override _.ComputeLoss rows = elements rows
        }
