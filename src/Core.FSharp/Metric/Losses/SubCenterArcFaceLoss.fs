namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// ArcFace with several centres of each class, of which the nearest counts, so that noise gathers around centres of its own (Deng
/// et al. 2020, "Sub-center ArcFace"). Its parameter is `W` (embeddingSize × numClasses · subCenters), the centres of a class
/// side by side. As in the reference, reducer and regularizers are taken but not used: the loss is the mean.
[<Sealed>]
type SubCenterArcFaceLoss
    /// <param name="numClasses">Number of classes: labels are 0 to numClasses − 1.</param>
    /// <param name="embeddingSize">Dimension of the embeddings.</param>
    /// <param name="margin">Added to the angle of the right class, in degrees.</param>
    /// <param name="scale">Scale of the cosines.</param>
    /// <param name="subCenters">Number of centres of each class.</param>
    (
        numClasses: int,
        embeddingSize: int,
        [<Optional; DefaultParameterValue(28.6)>] margin: float,
        [<Optional; DefaultParameterValue(64.0)>] scale: float,
        [<Optional; DefaultParameterValue(3)>] subCenters: int
    ) =
    inherit
        WeightedLoss(
            "SubCenterArcFaceLoss",
            "W",
            numClasses,
            embeddingSize,
            true,
            subCenters,
            distance = CosineSimilarity()
        )

    let classes, centers = int64 numClasses, int64 subCenters

    // Cosines (N × C · S) by class and centre: (N × C × S).
    let byClass (cosines: torch.Tensor) : torch.Tensor =
        cosines.reshape (cosines.size 0, classes, centers)

    let nearest (cosines: torch.Tensor) : torch.Tensor =
        let struct (largest, _) = (byClass cosines).max 2L
        largest

    override _.AnchorsAreIndependent = true

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override _.IsRegularized = false
    override _.Regularization _ = [||]

    override this.ComputeLoss input =
        let cosines =
            nearest (this.ToClasses input)
            |> ClassSoftmax.withAngularMargin input (AngularMargin.radians margin)

        let losses = ClassSoftmax.crossEntropy input (cosines .* scale)

        [|
            FoldedElements(
                "loss",
                [| losses[0].Sum(); losses[0].Count() |],
                fun sums -> sums[0] / Numeric.atLeastOne sums[1]
            )
        |]

    /// Scaled cosines (N × numClasses) to each class's nearest centre, without a margin, to classify with.
    override _.GetLogits embeddings =
        nearest (base.GetLogits embeddings) .* scale

    /// The samples of a whole data set that are far from their class's dominant centre, the one that is nearest to most of the
    /// class: their numbers, class by class (int64), and the dominant centres (embeddingSize × numClasses).
    /// `threshold`: the least angle, in degrees. No gradient is recorded.
    member this.GetOutliers
        (embeddings: torch.Tensor, labels: torch.Tensor, [<Optional; DefaultParameterValue(75.0)>] threshold: float)
        : struct (torch.Tensor * torch.Tensor) =
        use _ = torch.no_grad ()

        let input =
            MetricInput(embeddings, labels, Tuples.All, null, null, lazy (Seed.ofInt64 0L))

        let labels = input.RequireLabels()
        // (N × S), to the centres of the own class.
        let own =
            byClass(this.ToClasses input).gather(1L, labels.reshape(-1L, 1L, 1L).expand(-1L, 1L, centers)).squeeze 1L

        let votes =
            (labels.times centers .+. own.argmax 1L).bincount(null, classes * centers)

        let dominant = votes.reshape(classes, centers).argmax 1L

        let chosen = own.gather(1L, (InOrder.rows labels dominant).unsqueeze 1L).squeeze 1L

        let isFar = chosen.lt (Numeric.scalar (cos (AngularMargin.radians threshold)))
        let far = isFar.nonzero().select(1L, 0L)
        let struct (_, order) = (InOrder.rows far labels).sort(0L, stable = true)
        let firsts = Numeric.range 0L (classes * centers) centers labels.device
        let vectors = this.WeightsLike embeddings
        struct (InOrder.rows order far, vectors.index_select (1L, firsts .+. dominant))
