namespace MetricLearning

open System.Collections.Generic
open TorchSharp

/// Softmax over classes, for losses that learn vectors of them.
module internal ClassSoftmax =

    /// (N × C) true at each sample's own class, of so many classes from the first on.
    let ownClassFrom (first: int64) (labels: torch.Tensor) (count: int64) : torch.Tensor =
        let classes = Numeric.range first (first + count) 1L labels.device
        labels.unsqueeze(1L).eq(classes.unsqueeze 0L)

    /// (N × C) true at each sample's own class.
    let ownClass (labels: torch.Tensor) (numClasses: int) : torch.Tensor =
        ownClassFrom 0L labels (int64 numClasses)

    /// The logits (N × C) with those of each sample's own class (N × 1) changed.
    let ofTarget (input: MetricInput) (change: torch.Tensor -> torch.Tensor) (logits: torch.Tensor) : torch.Tensor =
        let column = input.RequireLabels().unsqueeze 1L
        logits.scatter (1L, column, change (logits.gather (1L, column)))

    /// The logits (N × C) with a constant added to those of each sample's own class.
    let raiseTarget (input: MetricInput) (amount: float) (logits: torch.Tensor) : torch.Tensor =
        ofTarget input (fun own -> own .+ amount) logits

    /// The cosines (N × C) with a margin (in radians) added to the angle of each sample's own class.
    let withAngularMargin (input: MetricInput) (margin: float) (cosines: torch.Tensor) : torch.Tensor =
        OwnClassMargin.Of(margin, input.RequireLabels().unsqueeze 1L, cosines)

    /// The cross entropy of logits (N × C), one value per sample, times these weights (N); null: ones.
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

    /// The cross entropy of logits (N × C), one value per sample, times how often tuples take the sample.
    let crossEntropy (input: MetricInput) (logits: torch.Tensor) : IReadOnlyList<LossElements> =
        weightedCrossEntropy (input.Weights()) input logits
