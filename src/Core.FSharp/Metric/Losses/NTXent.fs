namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of the normalised temperature-scaled cross entropy.
[<RequireQualifiedAccess>]
type NTXent =
    {
        /// What similarities are divided by.
        Temperature: double
    }

/// −log(e^{s⁺/τ} / (e^{s⁺/τ} + Σ e^{s⁻/τ})) for every positive pair, over the negatives of its anchor (Sohn 2016; Chen
/// et al. 2020, "SimCLR"). Distances count as negative similarities.
module NTXent =

    /// As documented.
    let defaults: NTXent = { Temperature = 0.07 }

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> MeanReducer())

    // The quotient is 1 / (1 + e^x), where x is how much the negatives outweigh the positive.
    let private crossEntropy (positive: torch.Tensor) (negatives: torch.Tensor) =
        LogSumExp.plusOne (negatives - positive)

    /// One value a positive pair.
    let elements (options: NTXent) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        let scale = (if distance.IsInverted then 1.0 else -1.0) / options.Temperature

        let logits = lazy (distance.Matrix(input.Embeddings, input.References) * scale)

        match input.Tuples with
        | Tuples.All ->
            let negatives = AnchorNegatives.logSumExp input logits.Value
            let values = crossEntropy logits.Value (negatives.unsqueeze 1L)

            [|
                ElementsOf.PairMatrix("loss", ElementKind.PositivePair, values, (input.Matches()))
            |]
        | _ ->
            let struct (a1, p, a2, _) = input.Pairs()

            if a1.size 0 = 0L || a2.size 0 = 0L then
                [| ElementsOf.Nothing("loss", input.Embeddings) |]
            else
                let negatives = AnchorNegatives.logSumExp input logits.Value

                let values =
                    crossEntropy (logits.Value.index (a1, p)) (negatives.index_select (0L, a1))

                [| ElementsOf.Pairs("loss", ElementKind.PositivePair, values, a1, p) |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: NTXent) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options)

    /// The loss.
    let loss (options: NTXent) : Loss = lossWith LossSettings.defaults options
