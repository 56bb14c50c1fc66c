namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// Cross entropy of each sample's similarity to the samples of the batch (Zheng et al. 2020, "Dual-path convolutional
/// image-text embeddings with instance loss"). The right one is, as in the reference, the sample whose position is the rank of
/// the label among the batch's labels: meant for batches of samples that are all different, in the order of their labels.
[<Sealed>]
type InstanceLoss
    /// <param name="gamma">Scale of the similarities.</param>
    ([<Optional; DefaultParameterValue(64.0)>] gamma: float) =
    inherit Loss("InstanceLoss", CosineSimilarity())

    // The number of different smaller labels.
    let ranks (labels: torch.Tensor) : torch.Tensor =
        let column, row = labels.unsqueeze 1L, labels.unsqueeze 0L
        let isFirst = column.eq(row).tril(-1L).any(1L).logical_not()
        column.gt(row).logical_and(isFirst.unsqueeze 0L).sum 1L

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override _.TakesTuples = false

    override _.TakesReferences = false

    override this.ComputeLoss input =
        input.RejectReference()
        input.RejectTuples()
        let labels = input.RequireLabels()
        let logits = this.Distance.Matrix(input.Embeddings, null) .* gamma

        let values =
            torch.nn.functional.cross_entropy (logits, ranks labels, reduction = torch.nn.Reduction.None)

        [| ElementsOf.Rows("loss", values) |]
