namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// Choosing a threshold by labelled embeddings.
module internal Pairs =

    /// Compares pairs at these distances.
    let ofPairs (goal: CalibrationGoal) (finder: MatchFinder) (negativeWeight: float) distances same =
        Calibration.chooseWeighted goal finder.Distance.IsInverted negativeWeight distances same

    /// Compares every pair once: the part of the distance matrix right of its diagonal.
    let all (goal: CalibrationGoal) (finder: MatchFinder) (embeddings: torch.Tensor) (labels: torch.Tensor) =
        let samples = labels.size 0
        let pairs = samples * (samples - 1L) / 2L
        let device = labels.device

        let distances =
            torch.empty (pairs, dtype = (Numeric.atLeast32 embeddings).dtype, device = device)

        let same = torch.empty (pairs, dtype = torch.bool, device = device)
        let columns = Numeric.upTo samples device
        let mutable filled = 0L

        let put (all: torch.Tensor) (part: torch.Tensor) =
            all.narrow(0L, filled, part.size 0).copy_ part |> ignore

        finder.Compare(
            embeddings,
            embeddings,
            fun first block ->
                let rows (vector: torch.Tensor) =
                    vector.narrow(0L, first, block.size 0).unsqueeze 1L

                let isLater = columns.unsqueeze(0L).gt(rows columns)
                let isSame = (rows labels).eq(labels.unsqueeze 0L).masked_select isLater
                put distances (block.masked_select isLater)
                put same isSame
                filled <- filled + isSame.size 0
        )

        ofPairs goal finder 1.0 distances same

    /// Compares a random sample of pairs.
    let some goal (maxPairs: int64) (seed: Seed) (finder: MatchFinder) (embeddings: torch.Tensor) labels =
        let pairs = PairsOfClasses.sample seed maxPairs labels
        let count = pairs.First.size 0
        // Rows of both are copied.
        let block = Math.Max(1L, 4_000_000L / embeddings.size 1)

        let distances =
            [|
                for first in 0L .. block .. count - 1L do
                    let rows (samples: torch.Tensor) =
                        embeddings.index_select (0L, samples.narrow (0L, first, Math.Min(block, count - first)))

                    use one = rows pairs.First
                    use other = rows pairs.Second
                    finder.ComparePairs(one, other)
            |]

        ofPairs goal finder pairs.NegativeWeight (torch.cat (distances, 0L)) pairs.Same

/// Chooses the threshold of a match finder by embeddings that are known to belong together or not.
[<Sealed; AbstractClass>]
type Validation =

    /// <summary>The threshold that serves a goal best on the pairs of labelled samples.</summary>
    /// <param name="finder">Its distance is the one that the threshold is for.</param>
    /// <param name="embeddings">(N × D).</param>
    /// <param name="labels">(N); samples of equal label belong together.</param>
    /// <param name="goal">Null for <c>CalibrationGoal.Accuracy</c>.</param>
    /// <param name="maxPairs">The largest number of pairs that are compared; of more, a random sample, half of it pairs of one class, stands
    /// for all.</param>
    /// <param name="seed">Seeds that sample.</param>
    /// <exception cref="System.ArgumentException">No two samples belong together, or all do; or an embedding is not finite.</exception>
    static member Calibrate
        (
            finder: MatchFinder,
            embeddings: torch.Tensor,
            labels: torch.Tensor,
            [<Optional; DefaultParameterValue(null: CalibrationGoal | null)>] goal: CalibrationGoal | null,
            [<Optional; DefaultParameterValue(4_000_000L)>] maxPairs: int64,
            [<Optional; DefaultParameterValue(0L)>] seed: int64
        ) : CalibratedThreshold =
        ArgumentNullException.ThrowIfNull(finder, nameof finder)
        ArgumentNullException.ThrowIfNull(labels, nameof labels)
        Ranges.atLeast 2L (nameof maxPairs) maxPairs
        EmbeddingChecks.areMatrices [ struct (nameof embeddings, embeddings) ]

        if labels.dim () <> 1L || embeddings.size 0 <> labels.size 0 then
            invalidArg
                (nameof labels)
                $"Embeddings of shape {Shape.show embeddings.shape} and labels of shape {Shape.show labels.shape} do not fit: give a label for each row."

        EmbeddingChecks.areFinite [ struct (nameof embeddings, embeddings) ]

        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        let labels = labels.``to`` embeddings.device
        let samples = labels.size 0
        let struct (positives, negatives) = PairsOfClasses.count labels

        if positives = 0L || negatives = 0L then
            invalidArg
                (nameof labels)
                $"Of the pairs of samples, {positives} are of one class and {negatives} of two: a threshold needs some of both. Give samples of at least two classes, and at least two of one."

        let goal = CalibrationGoal.OrDefault goal

        if samples * (samples - 1L) / 2L <= maxPairs then
            Pairs.all goal finder embeddings labels
        else
            Pairs.some goal maxPairs (Seed.ofInt64 seed) finder embeddings labels

    /// <summary>The threshold that serves a goal best on given pairs: row i of x with row i of y.</summary>
    /// <param name="finder">Its distance is the one that the threshold is for.</param>
    /// <param name="x">(N × D).</param>
    /// <param name="y">(N × D).</param>
    /// <param name="same">(N) bool: whether the pair belongs together.</param>
    /// <param name="goal">Null for <c>CalibrationGoal.Accuracy</c>.</param>
    /// <exception cref="System.ArgumentException">Shapes do not fit; no pair belongs together, or all do; an embedding is not finite.</exception>
    static member CalibratePairs
        (
            finder: MatchFinder,
            x: torch.Tensor,
            y: torch.Tensor,
            same: torch.Tensor,
            [<Optional; DefaultParameterValue(null: CalibrationGoal | null)>] goal: CalibrationGoal | null
        ) : CalibratedThreshold =
        ArgumentNullException.ThrowIfNull(finder, nameof finder)
        ArgumentNullException.ThrowIfNull(same, nameof same)
        use _ = torch.NewDisposeScope()
        EmbeddingChecks.areComparable [ struct (nameof x, x); struct (nameof y, y) ]
        let distances = finder.ComparePairs(x, y)

        if same.dim () <> 1L || same.size 0 <> distances.size 0 then
            invalidArg
                (nameof same)
                $"For {distances.size 0} pairs, same has the shape {Shape.show same.shape}: give one value a pair."

        Pairs.ofPairs (CalibrationGoal.OrDefault goal) finder 1.0 distances (same.``to`` distances.device)
