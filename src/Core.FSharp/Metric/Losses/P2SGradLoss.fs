namespace MetricLearning

open TorchSharp

/// The mean square of the differences between cosines to class vectors and 1 for the right class or 0 for the others (Zhang et al.
/// 2019, "P2SGrad"; Wang & Yamagishi 2021). Its parameter is `weight` (descriptorsDim × numClasses), whose columns are scaled
/// to length 1 in place whenever the loss is computed.
[<Sealed>]
type P2SGradLoss
    /// <param name="descriptorsDim">Dimension of the embeddings.</param>
    /// <param name="numClasses">Number of classes: labels are 0 to numClasses − 1.</param>
    (descriptorsDim: int, numClasses: int) =
    inherit
        WeightedLoss(
            "P2SGradLoss",
            "weight",
            numClasses,
            descriptorsDim,
            true,
            weightInitFunc = WeightInit.uniform,
            distance = CosineSimilarity()
        )

    let rescale (weights: torch.Tensor) : unit =
        use _ = torch.no_grad ()
        let lengths = torch.linalg.norm (weights, 2.0, [| 0L |], true)
        weights.div_ (lengths .+ 1e-7) |> ignore

    let cosines (embeddings: torch.Tensor) (weights: torch.Tensor) : torch.Tensor =
        let lengths = torch.linalg.norm (embeddings, 2.0, [| 1L |], true)
        let floor = Numeric.scalar (Numeric.tiny lengths.dtype)

        (embeddings.mm weights / lengths.clamp_min floor).clamp(Numeric.scalar -1.0, Numeric.scalar 1.0)

    override _.AnchorsAreIndependent = true

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override _.TakesTuples = false

    override _.RewritesParameters = true

    override this.ComputeLoss input =
        input.RejectTuples()
        this.WeightsFor input |> ignore

        let weights =
            input.OfBatch(
                this,
                "weights",
                fun whole ->
                    rescale (nonNull (this.get_parameter "weight"))
                    // A copy: the next call may rescale the weights before the gradients of this one are asked for.
                    (this.WeightsLike whole.Embeddings).clone()
            )

        let cosines = cosines input.Embeddings weights
        let wanted = ClassSoftmax.ownClass (input.RequireLabels()) numClasses

        if cosines.NumberOfElements = 0L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let squares = (cosines - wanted.to_type cosines.dtype).squared()
            let count = torch.tensor (squares.NumberOfElements, device = squares.device)

            [|
                FoldedElements("loss", [| Numeric.sum squares; count |], (fun sums -> sums[0] / sums[1]))
            |]
