namespace MetricLearning

open System
open System.Collections.Generic

/// The class that a query was found to be of, or that it is of none that is known.
[<Sealed; AllowNullLiteral(false)>]
type Classification internal (label: string | null, confidence: float, nearest: IReadOnlyList<FoundItem>) =

    /// The label; null if the query is of no known class.
    member _.Label: string | null = label

    /// False if nothing with a label is as near as the threshold.
    member _.IsKnown = not (isNull label)

    /// From 0 to 1. By votes, the share of the neighbours that have the label and are as near as the threshold; by centroids, how much nearer
    /// the nearest is than the next: 0.5 if they are equally near, 1 if there is no other or the query lies on it. 0 if the class is not known.
    member _.Confidence = confidence

    /// The evidence, nearest first: neighbours, or the nearest centroids, whose ids are numbers.
    member _.Nearest = nearest

/// Deciding on a class by what is near.
module internal Classification =

    let private unknown (nearest: IReadOnlyList<FoundItem>) = Classification(null, 0.0, nearest)

    /// By the label of a level that most neighbours within the threshold have; of equally frequent ones the one that is found first.
    let byVotes (distance: Distance) (level: int) (threshold: Nullable<float>) (nearest: IReadOnlyList<FoundItem>) =
        let votes =
            nearest
            |> Seq.filter (fun found -> IndexSearch.passes distance threshold found.Distance)
            |> Seq.choose (fun found -> Option.ofObj (found.Item.LabelAt level))
            |> Seq.countBy id
            |> Array.ofSeq

        if votes.Length = 0 then
            unknown nearest
        else
            // The first of the largest.
            let label, count = Array.maxBy snd votes
            Classification(label, float count / float nearest.Count, nearest)

    // Similarities end at 1, where nothing is nearer.
    let private far (distance: Distance) (found: FoundItem) : float =
        if distance.IsInverted then
            max 0.0 (1.0 - found.Distance)
        else
            found.Distance

    /// By the nearer of the two nearest centroids.
    let byCentroid (distance: Distance) (threshold: Nullable<float>) (nearest: IReadOnlyList<FoundItem>) =
        if
            nearest.Count = 0
            || not (IndexSearch.passes distance threshold nearest[0].Distance)
        then
            unknown nearest
        else
            let confidence =
                if nearest.Count = 1 then
                    1.0
                else
                    let one, other = far distance nearest[0], far distance nearest[1]
                    if one + other = 0.0 then 0.5 else other / (one + other)

            Classification(nearest[0].Label, confidence, nearest)
