namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of ProxyNCA. Its parameter is `proxies` (C × D).
[<RequireQualifiedAccess>]
type ProxyNCA =
    {
        /// How many classes there are: labels are 0 to `NumClasses` − 1.
        NumClasses: int
        /// How wide embeddings are.
        EmbeddingSize: int
        /// What distances are multiplied by.
        SoftmaxScale: double
    }

/// NCA to one learned proxy a class instead of to other samples (Movshovitz-Attias et al. 2017, "No fuss distance
/// metric learning using proxies").
module ProxyNCA =

    /// As documented.
    let defaults (numClasses: int) (embeddingSize: int) : ProxyNCA =
        {
            NumClasses = numClasses
            EmbeddingSize = embeddingSize
            SoftmaxScale = 1.0
        }

    /// The parameter's name.
    let parameter = "proxies"

    /// Distance and reducer where none is given: those of NCA.
    let settings (given: LossSettings) : LossSettings = NCA.settings given

    /// (N × C) true at each sample's own class.
    let internal ownClass (labels: torch.Tensor) (numClasses: int) =
        let classes =
            torch.arange (int64 numClasses, dtype = torch.ScalarType.Int64, device = labels.device)

        labels.unsqueeze(1L).eq(classes.unsqueeze 0L)

    /// One value a sample.
    let elements
        (options: ProxyNCA)
        (distance: Distance)
        (proxies: torch.Tensor)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        // With one candidate of its class, a sample's NCA is a cross entropy.
        let scale =
            if distance.IsInverted then
                options.SoftmaxScale
            else
                -options.SoftmaxScale

        distance.Matrix(input.Embeddings, proxies) * scale
        |> ClassSoftmax.weightedCrossEntropy (input.AnchorWeights()) input

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (weightSettings: WeightSettings) (options: ProxyNCA) : WeightedLoss =
        new FormulaWeightedLoss(
            settings given,
            weightSettings,
            parameter,
            options.NumClasses,
            options.EmbeddingSize,
            false,
            1,
            [| "loss" |],
            elements options,
            (fun distance proxies rows -> distance.Matrix(rows, proxies))
        )

    /// The loss.
    let loss (options: ProxyNCA) : WeightedLoss =
        lossWith LossSettings.defaults WeightSettings.defaults options
