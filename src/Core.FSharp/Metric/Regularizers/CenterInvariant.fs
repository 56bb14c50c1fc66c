namespace MetricLearning.Core.Regularizers

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Class weights of unlike length cost (Wu et al. 2017, "Deep face recognition with center invariant loss").
module CenterInvariant =

    /// The distance whose norm is meant.
    let distance () =
        Distances.Lp.distance
            { Distances.Lp.defaults with
                NormalizeEmbeddings = false
            }

    /// An error unless the distance is a plain norm: rows of length 1 would all be alike.
    let check (distance: Distance) =
        if
            distance.Kind <> DistanceKind.Lp
            || distance.NormalizeEmbeddings
            || distance.Power <> 1.0
        then
            invalidArg
                (nameof distance)
                "CenterInvariantRegularizer needs an LpDistance that does not normalise, of power 1."

    /// (‖w‖² − mean ‖w‖²)² / 4 of every row.
    let elements (distance: Distance) (rows: torch.Tensor) : LossElements =
        let squares = distance.GetNorm(rows).square()
        ElementsOf.Rows("loss", (squares - squares.mean ()).square() / 4.0)

    /// The regularizer.
    let regularizer () : Regularizer =
        let plain = distance ()

        { new Regularizer(null, null, plain, Nullable(), [||]) with
            override _.ComputeLoss rows = elements plain rows
        }
