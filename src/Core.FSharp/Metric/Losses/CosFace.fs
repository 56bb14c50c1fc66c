namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of CosFace. Its parameter is `W` (D × C).
[<RequireQualifiedAccess>]
type CosFace =
    {
        /// How many classes there are: labels are 0 to `NumClasses` − 1.
        NumClasses: int
        /// How wide embeddings are.
        EmbeddingSize: int
        /// What is taken from the cosine of the right class.
        Margin: double
        /// What cosines are multiplied by.
        Scale: double
    }

/// Softmax cross entropy of scaled cosines to class weights, with a margin on the cosine of the right class (Wang et al.
/// 2018, "CosFace").
module CosFace =

    /// As documented.
    let defaults (numClasses: int) (embeddingSize: int) : CosFace =
        {
            NumClasses = numClasses
            EmbeddingSize = embeddingSize
            Margin = 0.35
            Scale = 64.0
        }

    /// The parameter's name.
    let parameter = "W"

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        ClassSoftmax.cosineSettings "CosFaceLoss" given

    /// One value a sample.
    let elements
        (options: CosFace)
        (distance: Distance)
        (weights: torch.Tensor)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        distance.Matrix(input.Embeddings, weights.t ())
        |> ClassSoftmax.raiseTarget input -options.Margin
        |> fun logits -> ClassSoftmax.crossEntropy input (logits * options.Scale)

    /// Scaled cosines (N × C), without a margin.
    let logits (options: CosFace) (distance: Distance) (weights: torch.Tensor) (embeddings: torch.Tensor) =
        distance.Matrix(embeddings, weights.t ()) * options.Scale

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (weightSettings: WeightSettings) (options: CosFace) : WeightedLoss =
        new FormulaWeightedLoss(
            settings given,
            weightSettings,
            parameter,
            options.NumClasses,
            options.EmbeddingSize,
            true,
            1,
            [| "loss" |],
            elements options,
            logits options
        )

    /// The loss.
    let loss (options: CosFace) : WeightedLoss =
        lossWith LossSettings.defaults WeightSettings.defaults options
