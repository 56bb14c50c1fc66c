namespace MetricLearning

open TorchSharp

/// Hard negatives among finite embeddings, by blocks of rows: what is kept of each is its own negatives alone.
module internal NegativeSearch =

    /// The search by cosine similarity.
    let byCosine = CustomKNN(CosineSimilarity())

    // The largest similarity that a negative of each row (N) may have.
    let private limits
        (knn: CustomKNN)
        (options: HardNegativeOptions)
        (embeddings: torch.Tensor)
        (labels: int64[])
        : torch.Tensor =
        let largest = Numeric.scalar (options.MaxSimilarity.GetValueOrDefault infinity)

        if options.RelativeMargin.HasValue then
            let positives = NearestPositives.similarities (knn.MaxBytes / 64L) embeddings labels
            let isAlone = positives.eq (Numeric.scalar -infinity)

            let below = positives - positives.abs () .* options.RelativeMargin.Value
            below.masked_fill_(isAlone, Numeric.scalar infinity).clamp_max_ largest
        else
            torch.full (
                [| embeddings.size 0 |],
                largest,
                dtype = KnnInput.dtype embeddings embeddings,
                device = embeddings.device
            )

    // Puts the negatives of queries from `first` on, at ranks from `skipped` on, into their places (n × count): those within limits
    // first, in their order.
    let private put
        (limits: torch.Tensor)
        first
        (skipped: int64)
        (found: Neighbours)
        (indices: torch.Tensor)
        similarities
        =
        let rows, ranks = found.Indices.size 0, found.Indices.size 1 - skipped
        let atRanks (all: torch.Tensor) = all.narrow (1L, skipped, ranks)
        let similarity = atRanks found.Distances

        let isNone =
            similarity
                .gt(limits.narrow(0L, first, rows).unsqueeze 1L)
                .logical_or_(similarity.eq (Numeric.scalar -infinity))

        let struct (_, order) = isNone.to_type(torch.uint8).sort(1L, stable = true)

        let write (values: torch.Tensor) (none: Scalar) (whole: torch.Tensor) =
            let place = whole.narrow(0L, first, rows).narrow(1L, 0L, ranks)
            place.copy_ (values.masked_fill(isNone, none).gather(1L, order)) |> ignore

        write similarity (Numeric.scalar -infinity) similarities
        write (atRanks found.Indices) (Numeric.whole -1L) indices

    /// The negatives of each row (N × D), by its label: rows (N × count, int64) and similarities, most similar first; −1 and −∞ where there
    /// are fewer. Each process finds those of some rows, and all get all.
    let find
        (knn: CustomKNN)
        (processes: Processes)
        (options: HardNegativeOptions)
        (embeddings: torch.Tensor)
        (labels: int64[])
        : struct (torch.Tensor * torch.Tensor) =
        use _ = torch.NewDisposeScope()
        use _ = torch.no_grad ()
        let rows, device = embeddings.size 0, embeddings.device
        let skipped = int64 options.SkipNearest
        let ranks = min (skipped + int64 options.Count) (rows - 1L)
        let limits = limits knn options embeddings labels
        let codes = torch.tensor (labels, device = device)
        let shape = [| rows; int64 options.Count |]

        let indices =
            torch.full (shape, Numeric.whole -1L, dtype = torch.int64, device = device)

        let similarities =
            torch.full (shape, Numeric.scalar -infinity, dtype = limits.dtype, device = device)

        let struct (first, size) =
            BatchShare.ofProcess (int rows) processes.Rank processes.Count

        if ranks > skipped && size > 0 then
            let own (all: torch.Tensor) =
                all.narrow (0L, int64 first, int64 size)

            knn.SearchOtherLabels(
                own embeddings,
                own codes,
                ranks,
                embeddings,
                codes,
                fun start found -> put limits (int64 first + start) skipped found indices similarities
            )

        let all = SharedSearches.together processes [| indices; similarities |]
        struct (all[0].MoveToOuterDisposeScope(), all[1].MoveToOuterDisposeScope())
