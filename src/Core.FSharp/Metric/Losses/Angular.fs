namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic

/// Options of the angular loss.
[<RequireQualifiedAccess>]
type Angular =
    {
        /// In degrees: the largest angle at the negative that costs little.
        Alpha: double
    }

/// log(1 + Σ exp(4 tan²α (a + p)·n − 2 (1 + tan²α) a·p)) for every positive pair, over all samples of other classes than
/// the anchor's, whatever negatives tuples name (Wang et al. 2017, "Deep metric learning with angular loss"). Anchors and
/// positives are scaled to length 1, negatives count as they are, as in the reference.
module Angular =

    /// As documented.
    let defaults: Angular = { Alpha = 40.0 }

    /// Distance and reducer where none is given: Euclidean on normalised embeddings, the mean.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> LpDistance()) (fun () -> MeanReducer())
        |> LossSettings.checkDistance (DistanceChecks.euclidean "AngularLoss")

    let private positives (input: MetricInput) =
        match input.Tuples with
        | Tuples.All -> Tuples.places (input.Matches())
        | _ ->
            let struct (a, p, _, _) = input.Pairs()
            struct (a, p)

    /// One value a positive pair.
    let elements (options: Angular) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        input.RequireLabels() |> ignore
        let struct (a, p) = positives input

        if a.size 0 = 0L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let squaredTangent = Math.Tan(options.Alpha * Math.PI / 180.0) ** 2.0
            let anchors = distance.Normalize(input.Embeddings).index_select(0L, a)
            let positives = distance.Normalize(input.RefEmbeddings).index_select(0L, p)

            let apart =
                (anchors + positives).mm(input.RefEmbeddings.t ()) * (4.0 * squaredTangent)

            let together =
                (anchors * positives).sum([| 1L |], true) * (2.0 * (1.0 + squaredTangent))

            let negatives = (input.Differs()).index_select(0L, a)
            let values = LogSumExp.withOne 1L negatives (apart - together)
            [| ElementsOf.Pairs("loss", ElementKind.PositivePair, values, a, p) |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: Angular) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options)

    /// The loss.
    let loss (options: Angular) : Loss = lossWith LossSettings.defaults options
