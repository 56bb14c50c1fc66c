namespace MetricLearning

open TorchSharp

/// The similarity of every row to the nearest other row: keeps class weights apart (Zhao et al. 2019, "RegularFace").
/// The distance must be a similarity.
[<Sealed>]
type RegularFaceRegularizer() =
    inherit Regularizer("RegularFaceRegularizer", CosineSimilarity(), MeanReducer())

    override this.CheckDistance distance =
        if not distance.IsInverted then
            invalidArg (nameof this.Distance) $"{this.Name} needs a similarity, such as CosineSimilarity."

    override this.ComputeLoss rows =
        let similarities = this.Distance.Matrix(rows, null)

        let self =
            torch.eye (rows.size 0, dtype = torch.ScalarType.Bool, device = rows.device)

        let others =
            similarities.masked_fill (self, Numeric.scalar (Numeric.lowest similarities.dtype))

        let struct (nearest, _) = others.max 1L
        ElementsOf.Rows("loss", nearest)
