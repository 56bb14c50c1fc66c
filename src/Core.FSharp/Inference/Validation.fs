namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// Choosing a threshold by embeddings of which it is known what belongs together.
module Validation =

    /// Of more pairs than this, a sample is looked at.
    let defaultMaxPairs = 4_000_000L

    let private ofPairs (goal: CalibrationGoal) (finder: MatchFinder) (negativeWeight: float) distances same =
        Calibration.chooseWeighted goal finder.Distance.IsInverted negativeWeight distances same

    // Every pair once: in a matrix of all with all, those right of the diagonal.
    let private allPairs
        (goal: CalibrationGoal)
        (finder: MatchFinder)
        (embeddings: torch.Tensor)
        (labels: torch.Tensor)
        =
        let samples = labels.size 0
        let pairs = samples * (samples - 1L) / 2L
        let device = labels.device

        let distances =
            torch.empty (pairs, dtype = (Numeric.atLeast32 embeddings).dtype, device = device)

        let same = torch.empty (pairs, dtype = torch.bool, device = device)
        let columns = torch.arange (samples.ToScalar(), device = device)
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

    let private somePairs goal (maxPairs: int64) (seed: Seed) (finder: MatchFinder) (embeddings: torch.Tensor) labels =
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

    /// The threshold that serves the goal best for the pairs of samples with these embeddings (N × D) and labels (N), which
    /// belong together when their labels are the same. Of more than `maxPairs` pairs a random sample is looked at, half of
    /// them of one class, and counted as if it were all.
    /// ArgumentException without pairs of both kinds, or with embeddings that are NaN.
    let calibrate
        (goal: CalibrationGoal)
        (maxPairs: int64)
        (seed: Seed)
        (finder: MatchFinder)
        (embeddings: torch.Tensor)
        (labels: torch.Tensor)
        : CalibratedThreshold =
        Ranges.atLeast 2L (nameof maxPairs) maxPairs

        if
            labels.dim () <> 1L
            || embeddings.dim () <> 2L
            || embeddings.size 0 <> labels.size 0
        then
            invalidArg
                (nameof labels)
                $"Embeddings of shape {Shape.show embeddings.shape} and labels of shape {Shape.show labels.shape} do not fit: give a matrix, and a label for each of its rows."

        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        let labels = labels.``to`` embeddings.device
        let samples = labels.size 0
        let struct (positives, negatives) = PairsOfClasses.count labels

        if positives = 0L || negatives = 0L then
            invalidArg
                (nameof labels)
                $"Of the pairs of samples, {positives} are of one class and {negatives} of two: a threshold needs some of both. Give samples of at least two classes, and at least two of one."

        if samples * (samples - 1L) / 2L <= maxPairs then
            allPairs goal finder embeddings labels
        else
            somePairs goal maxPairs seed finder embeddings labels

    /// The threshold that serves the goal best for these pairs: row i of x (N × D) and row i of y belong together where
    /// `same` (N, bool) says so.
    /// ArgumentException when they are not alike, without pairs of both kinds, or with embeddings that are NaN.
    let calibratePairs
        (goal: CalibrationGoal)
        (finder: MatchFinder)
        (x: torch.Tensor)
        (y: torch.Tensor)
        (same: torch.Tensor)
        : CalibratedThreshold =
        use _ = torch.NewDisposeScope()
        let distances = finder.ComparePairs(x, y)

        if same.dim () <> 1L || same.size 0 <> distances.size 0 then
            invalidArg
                (nameof same)
                $"For {distances.size 0} pairs, same has the shape {Shape.show same.shape}: give one value a pair."

        ofPairs goal finder 1.0 distances (same.``to`` distances.device)
