namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Cross entropy of each anchor's similarity to the positives of all anchors, its own being the right one (Sohn 2016,
/// "Improved deep metric learning with multi-class N-pair loss objective"). Of every class the first positive pair takes
/// part, so the order of the batch matters. Distances count as negative similarities.
module NPairs =

    /// Distance and reducer where none is given: inner products of normalised embeddings, the mean.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> DotProductSimilarity()) (fun () -> MeanReducer())

    /// One value an anchor.
    let elements (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        input.RejectReference()

        let struct (a, p) =
            Tuples.uniqueLabelPairs (input.RequireLabels()) null input.Tuples

        if a.size 0 = 0L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let rows (indices: torch.Tensor) =
                input.Embeddings.index_select (0L, indices)

            let matrix = distance.Matrix(rows a, rows p)
            let logits = if distance.IsInverted then matrix else matrix.neg ()
            let own = torch.arange (a.size 0, device = a.device)

            let values =
                torch.nn.functional.cross_entropy (logits, own, reduction = torch.nn.Reduction.None)

            [| ElementsOf.Rows("loss", values, a) |]

    /// The loss, with settings.
    let lossWith (given: LossSettings) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements, false)

    /// The loss.
    let loss () : Loss = lossWith LossSettings.defaults
