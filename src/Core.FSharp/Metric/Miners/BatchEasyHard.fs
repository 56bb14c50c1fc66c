namespace MetricLearning.Core.Miners

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Which positive, or which negative, of an anchor the batch easy hard miner chooses.
type BatchEasyHardStrategy =
    /// The farthest positive; the nearest negative.
    | Hard = 0
    /// The farthest positive of those nearer than the chosen negative; the nearest negative of those farther than the
    /// chosen positive.
    | Semihard = 1
    /// The nearest positive; the farthest negative.
    | Easy = 2
    /// All of them.
    | All = 3

/// Options of the batch easy hard miner.
[<RequireQualifiedAccess>]
type BatchEasyHard =
    {
        /// Which positive.
        PosStrategy: BatchEasyHardStrategy
        /// Which negative.
        NegStrategy: BatchEasyHardStrategy
        /// Positives outside are passed over; null: none is.
        AllowedPosRange: Nullable<DistanceRange>
        /// Negatives outside are passed over; null: none is.
        AllowedNegRange: Nullable<DistanceRange>
        /// Whether to collect statistics; null as the global switch says.
        CollectStats: Nullable<bool>
    }

/// For every anchor one positive and one negative, each hard, semihard or easy, or all of them (Xuan et al. 2020,
/// "Improved embeddings with easy positive triplet mining").
module BatchEasyHard =

    /// As documented: the easy positive and the semihard negative, all distances allowed.
    let defaults: BatchEasyHard =
        {
            PosStrategy = BatchEasyHardStrategy.Easy
            NegStrategy = BatchEasyHardStrategy.Semihard
            AllowedPosRange = Nullable()
            AllowedNegRange = Nullable()
            CollectStats = Nullable()
        }

    /// The names of its statistics; 0 where nothing was chosen.
    let statistics = Extremes.statistics

    /// The default distance: Euclidean on normalised embeddings.
    let distance () : Distance = LpDistance()

    /// The options, if they go together.
    let check (options: BatchEasyHard) : BatchEasyHard =
        let pos, neg = options.PosStrategy, options.NegStrategy

        for strategy in [ pos; neg ] do
            if not (Enum.IsDefined strategy) then
                invalidArg (nameof options) $"There is no strategy {int strategy}: Hard, Semihard, Easy or All."

        if pos = BatchEasyHardStrategy.Semihard || neg = BatchEasyHardStrategy.Semihard then
            if pos = neg then
                invalidArg
                    (nameof options)
                    "posStrategy and negStrategy cannot both be Semihard, because each is chosen by the other: make one Hard or Easy."

            if pos = BatchEasyHardStrategy.All || neg = BatchEasyHardStrategy.All then
                invalidArg
                    (nameof options)
                    "Semihard cannot be combined with All: it is chosen by the one pair of the other kind. Use Hard or Easy."

        options

    // The nearer is hard for negatives, the farther for positives.
    let private positive strategy (distance: Distance) matrix mask =
        if strategy = BatchEasyHardStrategy.Easy then
            Extremes.nearest distance matrix mask
        else
            Extremes.farthest distance matrix mask

    let private negative strategy (distance: Distance) matrix mask =
        if strategy = BatchEasyHardStrategy.Easy then
            Extremes.farthest distance matrix mask
        else
            Extremes.nearest distance matrix mask

    let private isNearer (distance: Distance) (than: torch.Tensor) (matrix: torch.Tensor) =
        if distance.IsInverted then
            matrix.gt (than.unsqueeze 1L)
        else
            matrix.lt (than.unsqueeze 1L)

    let private isFarther (distance: Distance) (than: torch.Tensor) (matrix: torch.Tensor) =
        if distance.IsInverted then
            matrix.lt (than.unsqueeze 1L)
        else
            matrix.gt (than.unsqueeze 1L)

    // One positive and one negative an anchor.
    let private triplets
        (options: BatchEasyHard)
        (record: Statistics)
        (distance: Distance)
        (matrix: torch.Tensor)
        (positives: torch.Tensor)
        (negatives: torch.Tensor)
        =
        let pos, neg = options.PosStrategy, options.NegStrategy
        let hasBoth (p: torch.Tensor) (n: torch.Tensor) = (p.any 1L).logical_and(n.any 1L)

        let struct (pd, p), struct (nd, n), both =
            if pos = BatchEasyHardStrategy.Semihard then
                let struct (nd, n) = negative neg distance matrix negatives
                let nearer = positives.logical_and (isNearer distance nd matrix)
                positive pos distance matrix nearer, struct (nd, n), hasBoth nearer negatives
            else
                let struct (pd, p) = positive pos distance matrix positives

                let candidates =
                    if neg = BatchEasyHardStrategy.Semihard then
                        negatives.logical_and (isFarther distance pd matrix)
                    else
                        negatives

                struct (pd, p), negative neg distance matrix candidates, hasBoth positives candidates

        if record.Collecting then
            Extremes.recordTriplets record distance (pd.masked_select both) (nd.masked_select both)

        let anchors = both.nonzero().squeeze 1L
        Tuples.Pairs(anchors, p.masked_select both, anchors, n.masked_select both)

    // Each kind by itself: all pairs, or one an anchor.
    let private ofKind
        strategy
        (choose: torch.Tensor -> torch.Tensor -> struct (torch.Tensor * torch.Tensor))
        (record: torch.Tensor -> unit)
        (matrix: torch.Tensor)
        (mask: torch.Tensor)
        =
        if strategy = BatchEasyHardStrategy.All then
            record (matrix.masked_select mask)
            Tuples.places mask
        else
            let struct (chosen, others) = choose matrix mask
            let any = mask.any 1L
            record (chosen.masked_select any)
            struct (any.nonzero().squeeze 1L, others.masked_select any)

    /// The pairs, of one positive and one negative an anchor those of anchors that have both. Statistics go to `record`.
    let mine (options: BatchEasyHard) (record: Statistics) (distance: Distance) (input: MetricInput) : Tuples =
        let pos, neg = options.PosStrategy, options.NegStrategy
        let matrix = distance.Matrix(input.Embeddings, input.References)
        let positives = Extremes.within options.AllowedPosRange matrix (input.Matches())
        let negatives = Extremes.within options.AllowedNegRange matrix (input.Differs())

        if pos <> BatchEasyHardStrategy.All && neg <> BatchEasyHardStrategy.All then
            triplets options record distance matrix positives negatives
        else
            let struct (a1, p) =
                ofKind pos (positive pos distance) (Extremes.recordPositives record distance) matrix positives

            let struct (a2, n) =
                ofKind neg (negative neg distance) (Extremes.recordNegatives record distance) matrix negatives

            Tuples.Pairs(a1, p, a2, n)

    /// The miner.
    let miner (options: BatchEasyHard) : Miner =
        let euclidean = distance ()
        let options = check options

        { new Miner(null, euclidean, options.CollectStats, statistics) with
            override this.MineTuples input =
                mine options this.Statistics this.Distance input
        }
