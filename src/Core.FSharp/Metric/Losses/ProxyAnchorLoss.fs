namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// log(1 + Σ exp(α(m − s⁺))) over the samples of a class, by the number of classes in the batch, plus log(1 + Σ exp(α(s⁻ + m)))
/// over all other samples, by the number of all classes; s is the similarity to a learned proxy of the class (Kim et al. 2020,
/// "Proxy anchor loss"). Its parameter is `proxies` (numClasses × embeddingSize).
[<Sealed>]
type ProxyAnchorLoss
    /// <param name="numClasses">Number of classes: labels are 0 to numClasses − 1.</param>
    /// <param name="embeddingSize">Dimension of the embeddings.</param>
    /// <param name="margin">Distance m of similarities from 0, on the right side.</param>
    /// <param name="alpha">Sharpness α.</param>
    (
        numClasses: int,
        embeddingSize: int,
        [<Optional; DefaultParameterValue(0.1)>] margin: float,
        [<Optional; DefaultParameterValue(32.0)>] alpha: float
    ) as this =
    inherit
        WeightedLoss(
            "ProxyAnchorLoss",
            "proxies",
            numClasses,
            embeddingSize,
            false,
            weightInitFunc = WeightInit.kaimingNormalFanOut,
            distance = CosineSimilarity(),
            reducer = DivisorReducer()
        )

    do this.TilesOverClasses <- int64 numClasses

    override _.AnchorsAreIndependent = true
    override _.NumbersPerAnchor input = input.Embeddings.size 0
    override _.Parts = [| "pos_loss"; "neg_loss" |]

    override this.ComputeLoss input =
        let similarity = this.ToClasses input


        let own =
            ClassSoftmax.ownClassFrom input.FirstClass (input.RequireLabels()) (similarity.size 1)

        let positive = this.Distance.Margin(similarity, margin) .* alpha
        let negative = this.Distance.Margin(-margin, similarity) .* alpha

        // A weight w enters as w − 1 in the exponent.
        let weighted (values: torch.Tensor) =
            match input.Weights() with
            | null -> values
            | given -> values .+. (given .- 1.0).unsqueeze 1L

        let present = own.any(0L).sum()
        let all = torch.tensor (similarity.size 1, device = similarity.device)

        [|
            ElementsOf.Classes("pos_loss", input.FirstClass, LogSumExp.withOne 0L own (weighted positive), present)
            ElementsOf.Classes(
                "neg_loss",
                input.FirstClass,
                LogSumExp.withOne 0L (own.logical_not ()) (weighted negative),
                all
            )
        |]
