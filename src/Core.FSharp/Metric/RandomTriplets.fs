namespace MetricLearning

open System
open System.Collections.Generic

/// Drawing triplets at random, as a pure function of labels and a seed.
module RandomTriplets =

    let private rowsByLabel (labels: int64[]) =
        let rows = SortedDictionary<int64, List<int64>>()

        for row in 0 .. labels.Length - 1 do
            match rows.TryGetValue labels[row] with
            | true, known -> known.Add(int64 row)
            | _ -> rows[labels[row]] <- List [ int64 row ]

        rows

    /// Anchors class by class in ascending order, each `perAnchor` times (null: as often as its class has members
    /// here), with a positive and a negative drawn uniformly and with replacement from the reference labels (null: the
    /// labels themselves, and then no anchor is its own positive). Classes without a positive or without a negative are
    /// left out.
    let draw
        (perAnchor: Nullable<int>)
        (seed: Seed)
        (labels: int64[])
        (refLabels: int64[] | null)
        : struct (int64[] * int64[] * int64[]) =
        let isSelf = isNull refLabels

        let candidates =
            match refLabels with
            | null -> labels
            | given -> given

        let anchorRows = rowsByLabel labels
        let candidateRows = rowsByLabel candidates
        let anchors, positives, negatives = List<int64>(), List<int64>(), List<int64>()

        for entry in anchorRows do
            let same =
                match candidateRows.TryGetValue entry.Key with
                | true, rows -> rows.ToArray()
                | _ -> [||]

            let others =
                [|
                    for row in 0 .. candidates.Length - 1 do
                        if candidates[row] <> entry.Key then
                            int64 row
                |]

            let choices = if isSelf then same.Length - 1 else same.Length

            if choices > 0 && others.Length > 0 then
                let times = if perAnchor.HasValue then perAnchor.Value else same.Length

                for anchor in entry.Value do
                    for _ in 1..times do
                        let draw = 2L * int64 anchors.Count
                        let chosen = same[int (Seed.below (int64 choices) draw seed)]
                        anchors.Add anchor
                        // The anchor's own place is taken by the last of its class.
                        positives.Add(
                            if isSelf && chosen = anchor then
                                same[same.Length - 1]
                            else
                                chosen
                        )

                        negatives.Add(others[int (Seed.below (int64 others.Length) (draw + 1L) seed)])

        struct (anchors.ToArray(), positives.ToArray(), negatives.ToArray())

    /// Anchors in their order, each `perAnchor` times, with a positive and a negative drawn uniformly and with replacement from those of
    /// its row of each mask. Anchors without a positive or without a negative are left out.
    let internal ofMasks
        (perAnchor: int)
        (seed: Seed)
        (positives: bool[][])
        (negatives: bool[][])
        : struct (int64[] * int64[] * int64[]) =
        let places (row: bool[]) =
            [|
                for place in 0 .. row.Length - 1 do
                    if row[place] then
                        int64 place
            |]

        let triplets =
            [|
                for anchor in 0 .. positives.Length - 1 do
                    let positive, negative = places positives[anchor], places negatives[anchor]

                    if positive.Length > 0 && negative.Length > 0 then
                        for _ in 1..perAnchor do
                            struct (int64 anchor, positive, negative)
            |]

        let pick (draw: int64) (among: int64[]) =
            among[int (Seed.below among.LongLength draw seed)]

        struct (triplets |> Array.map (fun struct (anchor, _, _) -> anchor),
                triplets
                |> Array.mapi (fun place struct (_, positive, _) -> pick (2L * int64 place) positive),
                triplets
                |> Array.mapi (fun place struct (_, _, negative) -> pick (2L * int64 place + 1L) negative))
