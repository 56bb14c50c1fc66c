namespace MetricLearning

open System
open TorchSharp

/// A score of every query, from its neighbours. A metric of your own is a name and a function.
[<Sealed>]
type RetrievalMetric
    /// <summary>A metric.</summary>
    /// <param name="name">The key of its result.</param>
    /// <param name="score">From the neighbours of n queries to (n) numbers.</param>
    /// <param name="neighbours">The neighbours that it considers.</param>
    (name: string, score: Func<Retrieved, torch.Tensor>, neighbours: Neighbourhood) =

    do
        if String.IsNullOrWhiteSpace name then
            invalidArg (nameof name) "A metric needs a name: it is the key of its result."

        ArgumentNullException.ThrowIfNull(score, nameof score)
        ArgumentNullException.ThrowIfNull(neighbours, nameof neighbours)

    /// A metric of all neighbours that the calculator's k gives.
    new(name: string, score: Func<Retrieved, torch.Tensor>) = RetrievalMetric(name, score, Neighbourhood.Given)

    /// The key of its result.
    member _.Name = name

    /// From what was found for n queries to (n) numbers.
    member _.Score = score

    /// The neighbours that it considers.
    member _.Neighbourhood = neighbours

/// The documented metrics.
module internal RetrievalMetric =

    let private asNumbers (matches: torch.Tensor) = matches.to_type torch.float64

    // 1, 2, … K.
    let private ranks (matches: torch.Tensor) : torch.Tensor =
        (Numeric.range 1L (matches.size 1 + 1L) 1L matches.device).to_type torch.float64

    // rel_i · precision@i.
    let private precisionAtMatches (matches: torch.Tensor) : torch.Tensor =
        let relevance = asNumbers matches
        relevance.cumsum(1L).div_(ranks matches).mul_ relevance

    // (n × K): true up to rank R.
    let private withinR (found: Retrieved) : torch.Tensor =
        (ranks found.Matches).le(found.Relevant.unsqueeze 1L)

    let private precisionAt1 (found: Retrieved) =
        asNumbers (found.Matches.select (1L, 0L))

    let private rPrecision (found: Retrieved) =
        let hits = (found.Matches.logical_and (withinR found)).sum 1L
        asNumbers hits / found.Relevant.clamp_max (Numeric.whole (found.Matches.size 1))

    let private meanAveragePrecision (found: Retrieved) =
        (precisionAtMatches found.Matches).sum 1L / found.Relevant

    let private meanAveragePrecisionAtR (found: Retrieved) =
        (precisionAtMatches found.Matches).mul_(withinR found).sum 1L / found.Relevant

    let private meanReciprocalRank (found: Retrieved) =
        (asNumbers found.Matches).div_(ranks found.Matches).amax [| 1L |]

    let private recall (found: Retrieved) = asNumbers (found.Matches.any 1L)

    let private named name (neighbourhood: Neighbourhood) (score: Retrieved -> torch.Tensor) =
        RetrievalMetric(name, Func<_, _> score, neighbourhood)

    /// Those on by default, in alphabetical order.
    let documented: RetrievalMetric list =
        [
            named "mean_average_precision" Neighbourhood.Given meanAveragePrecision
            named "mean_average_precision_at_r" Neighbourhood.UpToR meanAveragePrecisionAtR
            named "mean_reciprocal_rank" Neighbourhood.Given meanReciprocalRank
            named "precision_at_1" (Neighbourhood.Exactly 1L) precisionAt1
            named "r_precision" Neighbourhood.UpToR rPrecision
        ]

    /// "recall_at_k" of a k.
    let recallName (k: int64) : string = $"recall_at_{k}"

    /// The k of "recall_at_k", from 1.
    let tryRecall (name: string) : int64 option =
        match name.Split "recall_at_" with
        | [| ""; digits |] ->
            match Int64.TryParse digits with
            | true, k when k >= 1L && recallName k = name -> Some k
            | _ -> None
        | _ -> None

    /// 1 if at least one of the nearest k matches (Jégou, Douze & Schmid 2011; the "Recall@K" of metric learning), whatever the
    /// calculator's k.
    let recallAt (k: int64) : RetrievalMetric =
        Ranges.atLeast 1L (nameof k) k
        named (recallName k) (Neighbourhood.Exactly k) recall
