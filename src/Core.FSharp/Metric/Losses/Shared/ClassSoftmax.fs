namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Softmax over classes, for losses that learn vectors of them.
module ClassSoftmax =

    /// Distance and reducer where none is given: cosine similarity, the mean. An error if another distance than the
    /// cosine is given, which the formula is not made for.
    let cosineSettings (loss: string) (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> MeanReducer())
        |> LossSettings.checkDistance (DistanceChecks.cosine loss)

    /// The logits (N × C) with those of each sample's own class (N × 1) changed.
    let ofTarget (input: MetricInput) (change: torch.Tensor -> torch.Tensor) (logits: torch.Tensor) : torch.Tensor =
        let column = input.RequireLabels().unsqueeze 1L
        logits.scatter (1L, column, change (logits.gather (1L, column)))

    /// The logits (N × C) with a constant added to those of each sample's own class.
    let raiseTarget (input: MetricInput) (amount: double) (logits: torch.Tensor) : torch.Tensor =
        let column = input.RequireLabels().unsqueeze 1L

        let amounts =
            torch.full (column.shape, Numeric.scalar amount, dtype = logits.dtype, device = logits.device)

        logits.scatter_add (1L, column, amounts)

    /// The cross entropy of logits (N × C), one value a sample, weighted by these weights (N); null: each counts the same.
    let weightedCrossEntropy
        (weights: torch.Tensor | null)
        (input: MetricInput)
        (logits: torch.Tensor)
        : IReadOnlyList<LossElements> =
        let losses =
            torch.nn.functional.cross_entropy (logits, input.RequireLabels(), reduction = torch.nn.Reduction.None)

        let weighted =
            match weights with
            | null -> losses
            | given -> losses * given

        [| ElementsOf.Rows("loss", weighted) |]

    /// The cross entropy of logits (N × C), one value a sample, weighted by how often tuples take it.
    let crossEntropy (input: MetricInput) (logits: torch.Tensor) : IReadOnlyList<LossElements> =
        weightedCrossEntropy (input.Weights()) input logits
