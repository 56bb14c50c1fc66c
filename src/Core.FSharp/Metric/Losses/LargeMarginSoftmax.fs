namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of the large-margin softmax. Its parameter is `W` (D × C).
[<RequireQualifiedAccess>]
type LargeMarginSoftmax =
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

/// Softmax cross entropy of inner products with class weights, in which the angle to the right class counts m times (Liu et
/// al. 2016, "Large-margin softmax loss for convolutional neural networks").
module LargeMarginSoftmax =

    /// As documented.
    let defaults (numClasses: int) (embeddingSize: int) : LargeMarginSoftmax =
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
        ClassSoftmax.cosineSettings "LargeMarginSoftmaxLoss" given

    // What cosines are multiplied by (N × C): lengths of embeddings and of weights.
    let private lengths
        (options: LargeMarginSoftmax)
        (distance: Distance)
        (weights: torch.Tensor)
        (embeddings: torch.Tensor)
        =
        let ofEmbeddings = distance.GetNorm(embeddings).unsqueeze 1L
        ofEmbeddings * distance.GetNorm(weights.t ()).unsqueeze 0L * options.Scale

    /// Scaled inner products (N × C), without a margin.
    let logits (options: LargeMarginSoftmax) (distance: Distance) (weights: torch.Tensor) (embeddings: torch.Tensor) =
        distance.Matrix(embeddings, weights.t ())
        * lengths options distance weights embeddings

    /// One value a sample.
    let elements
        (options: LargeMarginSoftmax)
        (distance: Distance)
        (weights: torch.Tensor)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        AngularMargin.check "LargeMarginSoftmaxLoss" options.Margin

        distance.Matrix(input.Embeddings, weights.t ())
        |> ClassSoftmax.ofTarget input (AngularMargin.apply options.Margin)
        |> fun cosines -> ClassSoftmax.crossEntropy input (cosines * lengths options distance weights input.Embeddings)

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (weightSettings: WeightSettings) (options: LargeMarginSoftmax) : WeightedLoss =
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
    let loss (options: LargeMarginSoftmax) : WeightedLoss =
        lossWith LossSettings.defaults WeightSettings.defaults options
