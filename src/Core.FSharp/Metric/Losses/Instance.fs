namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of the instance loss.
[<RequireQualifiedAccess>]
type Instance =
    {
        /// What similarities are multiplied by.
        Gamma: double
    }

/// Cross entropy of each sample's similarity to the samples of the batch (Zheng et al. 2020, "Dual-path convolutional
/// image-text embeddings with instance loss"). The right one is, as in the reference, the sample whose position is the
/// rank of the label among the batch's labels: meant for batches of samples that are all different, in the order of
/// their labels.
module Instance =

    /// As documented.
    let defaults: Instance = { Gamma = 64.0 }

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> MeanReducer())
        |> LossSettings.checkDistance (DistanceChecks.cosine "InstanceLoss")

    // How many different smaller labels there are.
    let private ranks (labels: torch.Tensor) =
        let column, row = labels.unsqueeze 1L, labels.unsqueeze 0L
        let isFirst = column.eq(row).tril(-1L).any(1L).logical_not()
        column.gt(row).logical_and(isFirst.unsqueeze 0L).sum 1L

    /// One value a sample.
    let elements (options: Instance) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        input.RejectReference()
        input.RejectTuples()
        let labels = input.RequireLabels()
        let logits = distance.Matrix(input.Embeddings, null) * options.Gamma

        let values =
            torch.nn.functional.cross_entropy (logits, ranks labels, reduction = torch.nn.Reduction.None)

        [| ElementsOf.Rows("loss", values) |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: Instance) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options, false)

    /// The loss.
    let loss (options: Instance) : Loss = lossWith LossSettings.defaults options
