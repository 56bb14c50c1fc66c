namespace MetricLearning

open System
open TorchSharp

/// The pairs or triplets of a batch that a loss compares. Indices are int64 vectors; anchors index the batch, the others the
/// reference set, which is the batch itself unless one is given.
[<RequireQualifiedAccess; ReferenceEquality>]
type Tuples =
    /// All that the labels allow.
    | All
    /// Positive pairs (a1[i], p[i]) and negative pairs (a2[j], n[j]).
    | Pairs of a1: torch.Tensor * p: torch.Tensor * a2: torch.Tensor * n: torch.Tensor
    /// Triplets (a[i], p[i], n[i]).
    | Triplets of a: torch.Tensor * p: torch.Tensor * n: torch.Tensor

/// From labels to tuples and from one form of tuples to another. Where `refLabels` is null the labels are compared with
/// themselves, and no sample is its own positive.
module Tuples =

    /// Both masks of the labels, from one comparison: (matches, differs).
    let internal compared (labels: torch.Tensor) (refLabels: torch.Tensor | null) : torch.Tensor * torch.Tensor =
        let others =
            match refLabels with
            | null -> labels
            | given -> given

        let same = labels.unsqueeze(1L).eq others
        let differs = same.logical_not ()

        if isNull refLabels then
            same.diagonal().zero_() |> ignore

        same, differs

    /// (N × Nr) true where labels agree, apart from a sample's agreement with itself.
    let matches (labels: torch.Tensor) (refLabels: torch.Tensor | null) : torch.Tensor = fst (compared labels refLabels)

    /// (N × Nr) true where labels differ.
    let differs (labels: torch.Tensor) (refLabels: torch.Tensor | null) : torch.Tensor = snd (compared labels refLabels)

    /// The places where a mask is true, row by row.
    let places (mask: torch.Tensor) : struct (torch.Tensor * torch.Tensor) =
        let found = mask.nonzero ()
        struct (found.select (1L, 0L), found.select (1L, 1L))

    /// The pairs at which masks (N × Nr) of positives and of negatives are true.
    let internal pairsWhere (positives: torch.Tensor) (negatives: torch.Tensor) : Tuples =
        let struct (a1, p) = places positives
        let struct (a2, n) = places negatives
        Tuples.Pairs(a1, p, a2, n)

    /// All pairs, row by row: (a1, p, a2, n).
    let allPairs
        (labels: torch.Tensor)
        (refLabels: torch.Tensor | null)
        : struct (torch.Tensor * torch.Tensor * torch.Tensor * torch.Tensor) =
        let struct (a1, p) = places (matches labels refLabels)
        let struct (a2, n) = places (differs labels refLabels)
        struct (a1, p, a2, n)

    // Every positive pair with every negative that `negatives` (positive pairs × candidates) allows.
    let private combine (a: torch.Tensor) (p: torch.Tensor) (negatives: torch.Tensor) =
        let struct (pair, n) = places negatives
        struct (a.index_select (0L, pair), p.index_select (0L, pair), n)

    /// The triplets at which a mask (positive pairs × candidates for the negative) is true.
    let internal tripletsWhere (anchors: torch.Tensor) (positives: torch.Tensor) (negatives: torch.Tensor) : Tuples =
        let struct (a, p, n) = combine anchors positives negatives
        Tuples.Triplets(a, p, n)

    /// Every positive pair with every negative of its anchor, from masks (N × Nr) of both: (a, p, n).
    let tripletsOfMasks
        (positives: torch.Tensor)
        (negatives: torch.Tensor)
        : struct (torch.Tensor * torch.Tensor * torch.Tensor) =
        let struct (a, p) = places positives
        combine a p (negatives.index_select (0L, a))

    /// All triplets, row by row: (a, p, n).
    let allTriplets
        (labels: torch.Tensor)
        (refLabels: torch.Tensor | null)
        : struct (torch.Tensor * torch.Tensor * torch.Tensor) =
        tripletsOfMasks (matches labels refLabels) (differs labels refLabels)

    /// Random triplets, `perAnchor` for each anchor (null: the size of its class): see `RandomTriplets.draw`.
    let randomTriplets
        (perAnchor: Nullable<int>)
        (seed: Seed)
        (labels: torch.Tensor)
        (refLabels: torch.Tensor | null)
        : struct (torch.Tensor * torch.Tensor * torch.Tensor) =
        let read (labels: torch.Tensor) = labels.cpu().data<int64>().ToArray()

        let references =
            match refLabels with
            | null -> null
            | given -> read given

        let struct (a, p, n) = RandomTriplets.draw perAnchor seed (read labels) references
        let vector (rows: int64[]) = torch.tensor(rows).``to`` labels.device
        struct (vector a, vector p, vector n)

    /// As pairs: every triplet gives its positive and its negative pair, repetitions included.
    let toPairs
        (labels: torch.Tensor)
        (refLabels: torch.Tensor | null)
        (tuples: Tuples)
        : struct (torch.Tensor * torch.Tensor * torch.Tensor * torch.Tensor) =
        match tuples with
        | Tuples.All -> allPairs labels refLabels
        | Tuples.Pairs(a1, p, a2, n) -> struct (a1, p, a2, n)
        | Tuples.Triplets(a, p, n) -> struct (a, p, a, n)

    /// Every combination of a positive and a negative pair that have their anchor in common.
    let tripletsOfPairs
        (a1: torch.Tensor)
        (p: torch.Tensor)
        (a2: torch.Tensor)
        (n: torch.Tensor)
        : struct (torch.Tensor * torch.Tensor * torch.Tensor) =
        let struct (a, p, negative) = combine a1 p (a1.unsqueeze(1L).eq(a2.unsqueeze 0L))
        struct (a, p, n.index_select (0L, negative))

    /// As triplets. `perAnchor` (null: all) matters for `All` only: the number of random ones for each anchor.
    let toTriplets
        (perAnchor: Nullable<int>)
        (seed: Lazy<Seed>)
        (labels: torch.Tensor)
        (refLabels: torch.Tensor | null)
        (tuples: Tuples)
        : struct (torch.Tensor * torch.Tensor * torch.Tensor) =
        match tuples with
        | Tuples.All when perAnchor.HasValue -> randomTriplets perAnchor seed.Value labels refLabels
        | Tuples.All -> allTriplets labels refLabels
        | Tuples.Pairs(a1, p, a2, n) -> tripletsOfPairs a1 p a2 n
        | Tuples.Triplets(a, p, n) -> struct (a, p, n)

    // How often each of `size` samples is an anchor, and what `ofOthers` makes of the positives and negatives, relative to
    // the most frequent; all 1 if nothing is chosen.
    let private frequencies (size: int64) (ofOthers: torch.Tensor -> torch.Tensor) (like: torch.Tensor) tuples =
        let anchors, others =
            match tuples with
            | Tuples.All -> [||], [||]
            | Tuples.Pairs(a1, p, a2, n) -> [| a1; a2 |], [| p; n |]
            | Tuples.Triplets(a, p, n) -> [| a |], [| p; n |]

        if anchors |> Array.forall (fun indices -> indices.size 0 = 0L) then
            torch.ones (size, dtype = like.dtype, device = like.device)
        else
            let counts =
                torch.cat(anchors, 0L).bincount(null, size)
                .+. ofOthers (torch.cat (others, 0L))

            counts.to_type (like.dtype) / counts.max ()

    /// The frequency of each of `size` samples, relative to the most frequent; all 1 if nothing is chosen. With a
    /// reference set only anchors count, because the others are not of this batch.
    let toWeights (size: int64) (isSelf: bool) (like: torch.Tensor) (tuples: Tuples) : torch.Tensor =
        let ofOthers (others: torch.Tensor) =
            if isSelf then
                others.bincount (null, size)
            else
                torch.zeros (size, dtype = torch.ScalarType.Int64, device = others.device)

        frequencies size ofOthers like tuples

    /// The same where sample i lies at `places`[i] of a reference set of the given size.
    let internal toWeightsAt
        (places: torch.Tensor)
        (references: int64)
        (like: torch.Tensor)
        (tuples: Tuples)
        : torch.Tensor =
        let ofOthers (others: torch.Tensor) =
            others.bincount(null, references).index_select(0L, places)

        frequencies (places.size 0) ofOthers like tuples

    /// The first positive pair of every anchor label, in the order of the pairs: (a, p).
    let uniqueLabelPairs
        (labels: torch.Tensor)
        (refLabels: torch.Tensor | null)
        (tuples: Tuples)
        : struct (torch.Tensor * torch.Tensor) =
        let struct (a, p) =
            match tuples with
            | Tuples.All -> places (matches labels refLabels)
            | Tuples.Pairs(a1, p, _, _) -> struct (a1, p)
            | Tuples.Triplets(a, p, _) -> struct (a, p)

        if a.size 0 = 0L then
            struct (a, p)
        else
            // A stable sort puts the first pair of each label at the start of its run.
            let struct (sorted, order) = labels.index_select(0L, a).sort(0L, false, true)
            let count = sorted.size 0
            let starts = torch.ones (count, dtype = torch.ScalarType.Bool, device = a.device)

            starts
                .narrow(0L, 1L, count - 1L)
                .copy_(sorted.narrow(0L, 1L, count - 1L).ne(sorted.narrow (0L, 0L, count - 1L)))
            |> ignore

            let struct (first, _) = order.masked_select(starts).sort 0L
            struct (a.index_select (0L, first), p.index_select (0L, first))

    /// The tuples with each index vector put through a function.
    let internal map (change: torch.Tensor -> torch.Tensor) (tuples: Tuples) : Tuples =
        match tuples with
        | Tuples.All -> Tuples.All
        | Tuples.Pairs(a1, p, a2, n) -> Tuples.Pairs(change a1, change p, change a2, change n)
        | Tuples.Triplets(a, p, n) -> Tuples.Triplets(change a, change p, change n)

    /// An error unless index vectors are int64 vectors whose lengths go together.
    let check (tuples: Tuples) : unit =
        ArgumentNullException.ThrowIfNull(tuples, nameof tuples)

        let vector (indices: torch.Tensor) =
            if isNull (box indices) then
                invalidArg (nameof tuples) "Indices of pairs and triplets must not be null; of no pair they are empty."

            if indices.dim () <> 1L || indices.dtype <> torch.ScalarType.Int64 then
                invalidArg (nameof tuples) "Indices of pairs and triplets must be int64 vectors."

        let together (first: torch.Tensor) (second: torch.Tensor) =
            vector first
            vector second

            if first.size 0 <> second.size 0 then
                invalidArg
                    (nameof tuples)
                    $"Indices that belong together must be equally many; there are {first.size 0} and {second.size 0}."

        match tuples with
        | Tuples.All -> ()
        | Tuples.Pairs(a1, p, a2, n) ->
            together a1 p
            together a2 n
        | Tuples.Triplets(a, p, n) ->
            together a p
            together a n
