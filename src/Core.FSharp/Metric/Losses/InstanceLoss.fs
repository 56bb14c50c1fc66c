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
        let struct (sorted, order) = labels.sort 0L
        let others = max 0L (labels.size 0 - 1L)

        let isNew =
            sorted.narrow(0L, labels.size 0 - others, others).ne(sorted.narrow (0L, 0L, others))

        let rank =
            torch
                .cat(
                    [|
                        torch.zeros_like(sorted).narrow(0L, 0L, labels.size 0 - others)
                        isNew.to_type torch.ScalarType.Int64
                    |],
                    0L
                )
                .cumsum
                0L

        torch.zeros_like(labels).scatter(0L, order, rank)

    override _.AnchorsAreIndependent = true

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override _.TakesTuples = false

    override _.TakesReferences = false

    override this.CheckLabelComparison comparison =
        ComparisonChecks.equality this.Name "takes the rank of each label for a place in the batch" comparison

    override this.ComputeLoss input =
        input.RejectReference()
        input.RejectTuples()
        input.RequireLabels() |> ignore

        let right =
            input.OfThese(input.OfBatch(this, "ranks", (fun whole -> ranks (whole.RequireLabels()))))

        let logits = InputDistances.matrix this.Distance input .* gamma

        let values =
            torch.nn.functional.cross_entropy (logits, right, reduction = torch.nn.Reduction.None)

        [| ElementsOf.Rows("loss", values) |]
