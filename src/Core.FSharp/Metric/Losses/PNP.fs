namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// How the penalty of the PNP loss grows with the number r of negatives before a positive.
type PNPVariant =
    /// log(1 + r).
    | Ds = 0
    /// 1 − (1 + r)^−α.
    | Dq = 1
    /// (1 + r) log(1 + r).
    | Iu = 2
    /// (b r − log(1 + b r)) / b².
    | Ib = 3
    /// r.
    | O = 4

/// Options of the PNP loss.
[<RequireQualifiedAccess>]
type PNP =
    {
        /// The bend of variant `Ib`.
        B: double
        /// The exponent of variant `Dq`.
        Alpha: double
        /// How soft counting is: the smaller, the nearer to whole numbers.
        Anneal: double
        /// How the penalty grows.
        Variant: PNPVariant
    }

/// A penalty on how many negatives lie before each positive of an anchor, and before the anchor itself, counted softly
/// (Li et al. 2021, "Rethinking the optimization of average precision: only penalizing negative instances before
/// positive ones is enough").
module PNP =

    /// As documented.
    let defaults: PNP =
        {
            B = 2.0
            Alpha = 1.0
            Anneal = 0.01
            Variant = PNPVariant.O
        }

    /// The options, if the variant exists.
    let check (options: PNP) : PNP =
        if not (Enum.IsDefined options.Variant) then
            invalidArg (nameof options) $"There is no variant {int options.Variant}: Ds, Dq, Iu, Ib or O."

        options

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> MeanReducer())
        |> LossSettings.checkDistance (DistanceChecks.cosine "PNPLoss")

    let private penalty (options: PNP) (before: torch.Tensor) =
        match options.Variant with
        | PNPVariant.Ds -> before.log1p ()
        | PNPVariant.Dq -> 1.0 - (1.0 + before).pow(Numeric.scalar -options.Alpha)
        | PNPVariant.Iu -> (1.0 + before) * before.log1p ()
        | PNPVariant.Ib ->
            let bent = before * options.B
            (bent - bent.log1p ()) / (options.B * options.B)
        | _ -> before

    /// One value for the batch. It is made from anchors × their positives × samples.
    let elements (options: PNP) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        input.RejectReference()
        input.RejectTuples()
        let labels = input.RequireLabels()
        let matches = input.Matches()
        let hasPositive = matches.any 1L
        // An anchor that has positives is one of them.
        let struct (a, i) =
            Tuples.places ((Tuples.matches labels labels).logical_and(hasPositive.unsqueeze 1L))

        if a.size 0 = 0L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let similarity = Numeric.atLeast32 (distance.Matrix(input.Embeddings, null))
            let rows = similarity.index_select (0L, a)
            let excess = (rows - rows.gather (1L, i.unsqueeze 1L)) / options.Anneal
            // Beyond 50 a step is as good as whole, and has no slope.
            let steps = excess.clamp(Numeric.scalar -50.0, Numeric.scalar 50.0).sigmoid()
            let before = (steps * (input.Differs()).index_select(0L, a)).sum 1L

            let ofAnchor =
                torch
                    .zeros(labels.size 0, dtype = before.dtype, device = before.device)
                    .index_add(0L, a, penalty options before, Numeric.scalar 1.0)

            let mean = ofAnchor / (matches.sum 1L + 1L)
            [| ElementsOf.Reduced("loss", mean.sum () / hasPositive.sum ()) |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: PNP) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements (check options), false)

    /// The loss.
    let loss (options: PNP) : Loss = lossWith LossSettings.defaults options
