namespace MetricLearning.Core.Regularizers

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Class weights close to another class's cost (Zhao et al. 2019, "RegularFace").
module RegularFace =

    /// The default similarity.
    let distance () =
        Distances.Cosine.distance Distances.Cosine.defaults

    /// An error unless large means similar.
    let check (distance: Distance) =
        if not distance.IsInverted then
            invalidArg (nameof distance) "RegularFaceRegularizer needs a similarity, such as CosineSimilarity."

    /// The similarity to the nearest other row, of every row.
    let elements (distance: Distance) (rows: torch.Tensor) : LossElements =
        let similarities = distance.Matrix(rows, null)

        let self =
            torch.eye (rows.size 0, dtype = torch.ScalarType.Bool, device = rows.device)

        let others =
            similarities.masked_fill (self, Numeric.scalar (Numeric.lowest similarities.dtype))

        let struct (nearest, _) = others.max 1L
        ElementsOf.Rows("loss", nearest)

    /// The regularizer.
    let regularizer () : Regularizer =
        let cosine = distance ()

        { new Regularizer(null, null, cosine, Nullable(), [||]) with
            override _.ComputeLoss rows = elements cosine rows
        }
