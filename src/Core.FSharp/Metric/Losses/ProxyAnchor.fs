namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of proxy anchor. Its parameter is `proxies` (C × D).
[<RequireQualifiedAccess>]
type ProxyAnchor =
    {
        /// How many classes there are: labels are 0 to `NumClasses` − 1.
        NumClasses: int
        /// How wide embeddings are.
        EmbeddingSize: int
        /// How far beyond 0 similarities should be, on the right side.
        Margin: double
        /// Sharpness.
        Alpha: double
    }

/// log(1 + Σ exp(α(m − s⁺))) over the samples of a class, by the number of classes in the batch, plus log(1 + Σ
/// exp(α(s⁻ + m))) over all other samples, by the number of all classes; s to a learned proxy a class (Kim et al. 2020,
/// "Proxy anchor loss").
module ProxyAnchor =

    /// As documented.
    let defaults (numClasses: int) (embeddingSize: int) : ProxyAnchor =
        {
            NumClasses = numClasses
            EmbeddingSize = embeddingSize
            Margin = 0.1
            Alpha = 32.0
        }

    /// The parameter's name.
    let parameter = "proxies"

    /// The parts.
    let parts = [| "pos_loss"; "neg_loss" |]

    /// How weights start where nothing is given.
    let weightSettings (given: WeightSettings) : WeightSettings =
        WeightSettings.orElse WeightSettings.kaimingNormalFanOut given

    /// Distance and reducer where none is given: cosine similarity, the sum by each part's divisor.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> DivisorReducer())

    /// One value a class, for each part.
    let elements
        (options: ProxyAnchor)
        (distance: Distance)
        (proxies: torch.Tensor)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        let similarity = distance.Matrix(input.Embeddings, proxies)
        let own = ProxyNCA.ownClass (input.RequireLabels()) options.NumClasses
        let positive = distance.Margin(similarity, options.Margin) * options.Alpha
        let negative = distance.Margin(-options.Margin, similarity) * options.Alpha

        // A weight w enters as w − 1 in the exponent.
        let weighted (values: torch.Tensor) =
            match input.Weights() with
            | null -> values
            | given -> values + (given - 1.0).unsqueeze 1L

        let present = own.any(0L).sum()
        let all = torch.tensor (int64 options.NumClasses, device = similarity.device)

        [|
            ElementsOf.Classes(parts[0], LogSumExp.withOne 0L own (weighted positive), present)
            ElementsOf.Classes(parts[1], LogSumExp.withOne 0L (own.logical_not ()) (weighted negative), all)
        |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (weights: WeightSettings) (options: ProxyAnchor) : WeightedLoss =
        new FormulaWeightedLoss(
            settings given,
            weightSettings weights,
            parameter,
            options.NumClasses,
            options.EmbeddingSize,
            false,
            1,
            parts,
            elements options,
            (fun distance proxies rows -> distance.Matrix(rows, proxies))
        )

    /// The loss.
    let loss (options: ProxyAnchor) : WeightedLoss =
        lossWith LossSettings.defaults WeightSettings.defaults options
