namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of the normalised softmax. Its parameter is `W` (D × C).
[<RequireQualifiedAccess>]
type NormalizedSoftmax =
    {
        /// How many classes there are: labels are 0 to `NumClasses` − 1.
        NumClasses: int
        /// How wide embeddings are.
        EmbeddingSize: int
        /// What similarities are divided by.
        Temperature: double
    }

/// Softmax cross entropy of similarities to class weights of length 1 (Zhai & Wu 2018, "Classification is a strong
/// baseline for deep metric learning"). Distances count as negative similarities.
module NormalizedSoftmax =

    /// As documented.
    let defaults (numClasses: int) (embeddingSize: int) : NormalizedSoftmax =
        {
            NumClasses = numClasses
            EmbeddingSize = embeddingSize
            Temperature = 0.05
        }

    /// The parameter's name.
    let parameter = "W"

    /// Distance and reducer where none is given: the dot product of normalised embeddings, the mean.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> DotProductSimilarity()) (fun () -> MeanReducer())

    /// Similarities (N × C) by the temperature.
    let logits (options: NormalizedSoftmax) (distance: Distance) (weights: torch.Tensor) (embeddings: torch.Tensor) =
        let classes =
            if distance.NormalizeEmbeddings && distance.P = 2.0 then
                weights.t () // the distance does it
            else
                torch.nn.functional.normalize(weights, 2.0, 0L).t()

        let scale = (if distance.IsInverted then 1.0 else -1.0) / options.Temperature
        distance.Matrix(embeddings, classes) * scale

    /// One value a sample.
    let elements
        (options: NormalizedSoftmax)
        (distance: Distance)
        (weights: torch.Tensor)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        ClassSoftmax.crossEntropy input (logits options distance weights input.Embeddings)

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (weightSettings: WeightSettings) (options: NormalizedSoftmax) : WeightedLoss =
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
    let loss (options: NormalizedSoftmax) : WeightedLoss =
        lossWith LossSettings.defaults WeightSettings.defaults options
