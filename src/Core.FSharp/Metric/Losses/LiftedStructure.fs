namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of the lifted structure loss. The defaults fit distances.
[<RequireQualifiedAccess>]
type LiftedStructure =
    {
        /// What negative distances are taken from.
        NegMargin: double
        /// What is taken from positive distances.
        PosMargin: double
    }

/// ½ [d(i,j) − m⁺ + log Σ exp(m⁻ − d(·,n))]₊² for every positive pair (i, j), over the negatives of i and of j (Song et
/// al. 2016, "Deep metric learning via lifted structured feature embedding").
module LiftedStructure =

    /// As documented.
    let defaults: LiftedStructure = { NegMargin = 1.0; PosMargin = 0.0 }

    /// Distance and reducer where none is given: Euclidean on normalised embeddings, the mean.
    let settings (given: LossSettings) : LossSettings =
        given |> LossSettings.orElse (fun () -> LpDistance()) (fun () -> MeanReducer())

    // Number j of the reference set is looked up among the anchors as it stands, as in the reference; where the
    // reference set is larger, its last rows are no anchor's numbers and have no negatives.
    let private asReferences (lowest: double) (size: int64) (negatives: torch.Tensor) =
        let anchors = negatives.size 0

        if size <= anchors then
            negatives.narrow (0L, 0L, size)
        else
            let missing =
                torch.full (
                    [| size - anchors |],
                    Numeric.scalar lowest,
                    dtype = negatives.dtype,
                    device = negatives.device
                )

            torch.cat ([| negatives; missing |], 0L)

    // Both ends' negatives together; those of one end alone where both ends have the same number; 0 where there is
    // none.
    let private together (lowest: double) (same: torch.Tensor) (first: torch.Tensor) (second: torch.Tensor) =
        let both = torch.where (same, first, first.logaddexp second)
        both.masked_fill (both.le (Numeric.scalar (lowest / 2.0)), Numeric.scalar 0.0)

    /// One value a positive pair.
    let elements (options: LiftedStructure) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        let half (violation: torch.Tensor) = violation.relu().square() / 2.0

        let value (distances: torch.Tensor) (negatives: torch.Tensor) =
            half (distance.Margin(distances, options.PosMargin) + negatives)

        let matrix = distance.Matrix(input.Embeddings, input.References)
        let rows, columns = matrix.size 0, matrix.size 1
        let lowest = Numeric.lowest matrix.dtype

        let ofAnchors () =
            AnchorNegatives.logSumExp input (distance.Margin(options.NegMargin, matrix))

        match input.Tuples with
        | Tuples.All ->
            let anchors = ofAnchors ()
            let references = asReferences lowest columns anchors

            let same =
                torch.eye (rows, columns, dtype = torch.ScalarType.Bool, device = matrix.device)

            let negatives =
                together lowest same (anchors.unsqueeze 1L) (references.unsqueeze 0L)
            // Without any negative pair the loss is 0.
            let pairs = (input.Matches()).logical_and((input.Differs()).any())

            [|
                ElementsOf.PairMatrix("loss", ElementKind.PositivePair, value matrix negatives, pairs)
            |]
        | _ ->
            let struct (a1, p, a2, _) = input.Pairs()

            if a1.size 0 = 0L || a2.size 0 = 0L then
                [| ElementsOf.Nothing("loss", input.Embeddings) |]
            else
                let anchors = ofAnchors ()
                let references = asReferences lowest columns anchors

                let negatives =
                    together lowest (a1.eq p) (anchors.index_select (0L, a1)) (references.index_select (0L, p))

                [|
                    ElementsOf.Pairs("loss", ElementKind.PositivePair, value (matrix.index (a1, p)) negatives, a1, p)
                |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: LiftedStructure) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options)

    /// The loss.
    let loss (options: LiftedStructure) : Loss = lossWith LossSettings.defaults options
