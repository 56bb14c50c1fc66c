namespace MetricLearning

/// (‖w‖² − mean ‖w‖²)² / 4 of every row: keeps class weights equally long (Wu et al. 2017, "Deep face recognition with
/// center invariant loss"). The distance must be an LpDistance of power 1 that does not normalise.
[<Sealed>]
type CenterInvariantRegularizer() =
    inherit Regularizer("CenterInvariantRegularizer", LpDistance(normalizeEmbeddings = false), MeanReducer())

    override this.CheckDistance distance =
        // Rows of length 1 would all be alike.
        if
            distance.Kind <> DistanceKind.Lp
            || distance.NormalizeEmbeddings
            || distance.Power <> 1.0
        then
            invalidArg (nameof this.Distance) $"{this.Name} needs an LpDistance that does not normalise, of power 1."

    override this.ComputeLoss rows =
        let squares = this.Distance.GetNorm(rows).squared()
        ElementsOf.Rows("loss", (squares - squares.mean ()).squared() ./ 4.0)
