namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Options of ArcFace. Its parameter is `W` (D × C).
[<RequireQualifiedAccess>]
type ArcFace =
    {
        /// How many classes there are: labels are 0 to `NumClasses` − 1.
        NumClasses: int
        /// How wide embeddings are.
        EmbeddingSize: int
        /// What is added to the angle of the right class, in degrees.
        Margin: double
        /// What cosines are multiplied by.
        Scale: double
    }

/// Softmax cross entropy of scaled cosines to class weights, with a margin on the angle of the right class (Deng et al.
/// 2019, "ArcFace").
module ArcFace =

    /// As documented: a margin of 28.6 degrees, a scale of 64.
    let defaults (numClasses: int) (embeddingSize: int) : ArcFace =
        {
            NumClasses = numClasses
            EmbeddingSize = embeddingSize
            Margin = 28.6
            Scale = 64.0
        }

    /// The parameter's name.
    let parameter = "W"

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        ClassSoftmax.cosineSettings "ArcFaceLoss" given

    // cos(θ + m); beyond θ = π − m, where that would rise again, cos θ − m sin m.
    let internal withMargin (margin: double) (cosine: torch.Tensor) =
        // Where the sine is 0 its root has no finite slope.
        let limit = 1.0 - Numeric.epsilon cosine.dtype
        let inner = cosine.clamp (Numeric.scalar -limit, Numeric.scalar limit)
        let sine = (1.0 - inner.square ()).sqrt()
        let turned = inner * cos margin - sine * sin margin
        torch.where (cosine.ge (Numeric.scalar (cos (Math.PI - margin))), turned, cosine - margin * sin margin)

    /// One value a sample.
    let elements
        (options: ArcFace)
        (distance: Distance)
        (weights: torch.Tensor)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        let cosines = distance.Matrix(input.Embeddings, weights.t ())
        let margin = withMargin (options.Margin * Math.PI / 180.0)
        let logits = ClassSoftmax.ofTarget input margin cosines * options.Scale
        ClassSoftmax.crossEntropy input logits

    /// Scaled cosines (N × C), without a margin.
    let logits (options: ArcFace) (distance: Distance) (weights: torch.Tensor) (embeddings: torch.Tensor) =
        distance.Matrix(embeddings, weights.t ()) * options.Scale

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (weightSettings: WeightSettings) (options: ArcFace) : WeightedLoss =
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
    let loss (options: ArcFace) : WeightedLoss =
        lossWith LossSettings.defaults WeightSettings.defaults options
