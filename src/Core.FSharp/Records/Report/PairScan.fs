namespace MetricLearning

open TorchSharp

/// Two samples and their distance.
[<Struct>]
type internal FoundPair =
    {
        One: int64
        Other: int64
        Distance: float
    }

/// A look at all pairs of a set of embeddings.
type internal PairScan =
    {
        /// The number of positive pairs in each of the equal bins from 0 to 2.
        Positives: int64[]
        /// That of negative pairs.
        Negatives: int64[]
        /// Positive pairs that lie farthest apart, the farthest first, each once.
        FarPositives: FoundPair list
        /// Negative pairs that lie nearest, the nearest first, each once.
        NearNegatives: FoundPair list
    }

/// Looking at all pairs of normalised embeddings, by Euclidean distance: from 0 to 2.
module internal PairScan =

    let private bins = 80L
    let private tile = 512L

    let private counts (distances: torch.Tensor) : int64[] =
        let places =
            (distances .* (float bins / 2.0)).floor().clamp(Numeric.scalar 0.0, Numeric.scalar (float (bins - 1L)))

        places.to_type(torch.int64).bincount(null, bins).data<int64>().ToArray()

    // The pairs of a tile whose distances are the largest; `sign` -1: the smallest.
    let private extremes (sign: float) (count: int) (first: int64) (mask: torch.Tensor) (distances: torch.Tensor) =
        let columns = distances.size 1

        let scored =
            (distances .* sign).masked_fill(mask.logical_not (), Numeric.scalar -infinity)

        let struct (values, places) =
            scored.flatten().topk(int (min (int64 count) scored.NumberOfElements))

        let values, places = values.data<float>().ToArray(), places.data<int64>().ToArray()

        [
            for value, place in Seq.zip values places do
                if value > -infinity then
                    {
                        One = first + place / columns
                        Other = place % columns
                        Distance = sign * value
                    }
        ]

    /// The pairs of embeddings (N × D) with labels (N), each pair once. `hardest`: how many of either kind to name.
    let ofEmbeddings (hardest: int) (embeddings: torch.Tensor) (labels: torch.Tensor) : PairScan =
        use _ = torch.NewDisposeScope()
        use _ = torch.no_grad ()
        let rows = embeddings.size 0

        let unit =
            torch.nn.functional.normalize (embeddings.cpu().to_type torch.float64, 2.0, 1L)

        let labels = labels.cpu ()

        let empty =
            {
                Positives = Array.zeroCreate (int bins)
                Negatives = Array.zeroCreate (int bins)
                FarPositives = []
                NearNegatives = []
            }

        (empty, [ 0L .. tile .. rows - 1L ])
        ||> List.fold (fun scan first ->
            use _ = torch.NewDisposeScope()
            let size = min tile (rows - first)
            let anchors = unit.narrow (0L, first, size)

            let distances =
                (2.0 -. (anchors.mm (unit.t ())) .* 2.0).clamp_min(Numeric.scalar 0.0).sqrt()

            let own = (Numeric.range first (first + size) 1L unit.device).unsqueeze 1L
            let later = (Numeric.upTo rows unit.device).unsqueeze(0L).gt own
            let same = labels.narrow(0L, first, size).unsqueeze(1L).eq(labels.unsqueeze 0L)

            let positive, negative =
                same.logical_and later, same.logical_not().logical_and later

            {
                Positives = Array.map2 (+) scan.Positives (counts (distances.masked_select positive))
                Negatives = Array.map2 (+) scan.Negatives (counts (distances.masked_select negative))
                FarPositives =
                    scan.FarPositives @ extremes 1.0 hardest first positive distances
                    |> List.sortBy (fun pair -> -pair.Distance)
                    |> List.truncate hardest
                NearNegatives =
                    scan.NearNegatives @ extremes -1.0 hardest first negative distances
                    |> List.sortBy _.Distance
                    |> List.truncate hardest
            })
