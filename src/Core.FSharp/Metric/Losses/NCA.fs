namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of neighbourhood components analysis.
[<RequireQualifiedAccess>]
type NCA =
    {
        /// What distances are multiplied by.
        SoftmaxScale: double
    }

/// −log Σ_{j of i's class} softmaxⱼ(−scale · d(i,j)) for every sample that has another of its class to go to
/// (Goldberger et al. 2004, "Neighbourhood components analysis").
module NCA =

    /// As documented.
    let defaults: NCA = { SoftmaxScale = 1.0 }

    /// Distance and reducer where none is given: squared Euclidean on normalised embeddings, the mean.
    let settings (given: LossSettings) : LossSettings =
        let squared () : Distance = LpDistance(power = 2.0)

        given |> LossSettings.orElse squared (fun () -> MeanReducer())

    /// One value a sample of those that `same` (N × M) gives a neighbour, from the distances of samples to candidates
    /// (N × M). `weights` (N): null for ones.
    let rows
        (scale: double)
        (distance: Distance)
        (distances: torch.Tensor)
        (candidates: torch.Tensor | null)
        (same: torch.Tensor)
        (weights: torch.Tensor | null)
        : LossElements =
        let logits = distances * (if distance.IsInverted then scale else -scale)

        let all =
            match candidates with
            | null -> logits.logsumexp 1L
            | given -> LogSumExp.orZero 1L given logits

        let hasSame = same.any 1L
        let values = (all - LogSumExp.orZero 1L same logits) * hasSame

        let weighted =
            match weights with
            | null -> values
            | given -> values * given

        ElementsOf.RowsWhere("loss", weighted, hasSame)

    /// One value a sample.
    let elements (options: NCA) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        input.RequireLabels() |> ignore

        if input.Embeddings.size 0 <= 1L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let distances = distance.Matrix(input.Embeddings, input.References)
            // A sample cannot go to itself.
            let candidates =
                if input.IsSelf then
                    torch.eye(distances.size 0, dtype = torch.ScalarType.Bool, device = distances.device).logical_not()
                else
                    null

            // In a memory a sample finds itself, as in the reference.
            [|
                rows options.SoftmaxScale distance distances candidates (input.Agrees()) (input.Weights())
            |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: NCA) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options)

    /// The loss.
    let loss (options: NCA) : Loss = lossWith LossSettings.defaults options
