namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of SphereFace. Its parameter is `W` (D × C).
[<RequireQualifiedAccess>]
type SphereFace =
    {
        /// How many classes there are: labels are 0 to `NumClasses` − 1.
        NumClasses: int
        /// How wide embeddings are.
        EmbeddingSize: int
        /// What the angle of the right class is multiplied by; at least 1.
        Margin: int
        /// What logits are multiplied by.
        Scale: double
    }

/// Softmax cross entropy of inner products with class weights of length 1, in which the angle to the right class counts m
/// times (Liu et al. 2017, "SphereFace").
module SphereFace =

    /// As documented.
    let defaults (numClasses: int) (embeddingSize: int) : SphereFace =
        {
            NumClasses = numClasses
            EmbeddingSize = embeddingSize
            Margin = 4
            Scale = 1.0
        }

    /// The parameter's name.
    let parameter = "W"

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        ClassSoftmax.cosineSettings "SphereFaceLoss" given

    // What cosines are multiplied by (N × 1).
    let private lengths (options: SphereFace) (distance: Distance) (embeddings: torch.Tensor) =
        distance.GetNorm(embeddings).unsqueeze 1L * options.Scale

    /// Scaled inner products (N × C), without a margin.
    let logits (options: SphereFace) (distance: Distance) (weights: torch.Tensor) (embeddings: torch.Tensor) =
        distance.Matrix(embeddings, weights.t ()) * lengths options distance embeddings

    /// One value a sample.
    let elements
        (options: SphereFace)
        (distance: Distance)
        (weights: torch.Tensor)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        AngularMargin.check "SphereFaceLoss" options.Margin

        distance.Matrix(input.Embeddings, weights.t ())
        |> ClassSoftmax.ofTarget input (AngularMargin.apply options.Margin)
        |> fun cosines -> ClassSoftmax.crossEntropy input (cosines * lengths options distance input.Embeddings)

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (weightSettings: WeightSettings) (options: SphereFace) : WeightedLoss =
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
    let loss (options: SphereFace) : WeightedLoss =
        lossWith LossSettings.defaults WeightSettings.defaults options
