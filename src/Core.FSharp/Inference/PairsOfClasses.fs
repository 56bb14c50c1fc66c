namespace MetricLearning

open TorchSharp

/// Pairs of samples of which some belong together.
[<ReferenceEquality>]
type internal PairsOfClasses =
    {
        /// (K) int64: the first sample of each pair.
        First: torch.Tensor
        /// (K) int64: the second.
        Second: torch.Tensor
        /// (K) bool: whether both are of one class.
        Same: torch.Tensor
        /// The number of pairs of two classes that each such pair here stands for; a pair of one class stands for itself.
        NegativeWeight: float
    }

/// Draws pairs where there are too many to compare all of them.
module internal PairsOfClasses =

    // Samples in the order of their classes; for each place, the place where its class begins and the size of the class.
    [<ReferenceEquality>]
    type private Sorted =
        {
            Samples: torch.Tensor
            Begins: torch.Tensor
            Sizes: torch.Tensor
        }

    let private sort (labels: torch.Tensor) : Sorted =
        let struct (labels, samples) = labels.sort (0L, stable = true)

        let struct (_, places, counts) =
            labels.unique_consecutive (return_inverse = true, return_counts = true)

        let places, counts = nonNull places, nonNull counts
        let begins = counts.cumsum 0L - counts

        {
            Samples = samples
            Begins = begins.index_select (0L, places)
            Sizes = counts.index_select (0L, places)
        }

    /// The numbers of pairs of one class and of two.
    let count (labels: torch.Tensor) : struct (int64 * int64) =
        use _ = torch.NewDisposeScope()
        let struct (_, _, counts) = labels.unique (return_counts = true)
        let counts = nonNull counts
        let same = (counts * (counts.plus -1L)).sum().item<int64>() / 2L
        let samples = labels.size 0
        struct (same, samples * (samples - 1L) / 2L - same)

    // A place is drawn as often as it has partners, then one of its partners.
    let private draw (generator: torch.Generator) (count: int64) (partners: torch.Tensor) =
        let uniform () =
            torch.rand(count, dtype = torch.float64, generator = generator).``to`` partners.device

        let ends = partners.cumsum 0L
        let total = ends[-1].item<int64>()

        let first =
            torch.searchsorted (ends, (uniform().times total).to_type torch.int64, right = true)

        let among = partners.index_select (0L, first)
        struct (first, (uniform () * among).to_type(torch.int64).minimum(among.plus -1L))

    let private ofOneClass (generator: torch.Generator) (count: int64) (sorted: Sorted) =
        let struct (first, chosen) = draw generator count (sorted.Sizes.plus -1L)
        let second = sorted.Begins.index_select (0L, first) .+. chosen
        // A sample is no partner of itself.
        struct (first, second .+. second.ge(first).to_type torch.int64)

    let private ofTwoClasses (generator: torch.Generator) (count: int64) (sorted: Sorted) =
        let struct (first, chosen) =
            draw generator count (sorted.Sizes.neg().plus(sorted.Samples.size 0))

        let begins = sorted.Begins.index_select (0L, first)
        // Its own class is left out.
        struct (first,
                chosen
                .+. chosen.ge(begins).to_type torch.int64 * sorted.Sizes.index_select (0L, first))

    /// Random pairs of samples with these labels (N), with replacement: half of them of one class, half of two.
    /// There must be some of either.
    let sample (seed: Seed) (pairs: int64) (labels: torch.Tensor) : PairsOfClasses =
        use scope = torch.NewDisposeScope()
        use generator = TorchSeed.generator seed
        let sorted = sort labels
        let half = max 1L (pairs / 2L)
        let struct (a, p) = ofOneClass generator half sorted
        let struct (b, n) = ofTwoClasses generator half sorted

        let samplesOf (one: torch.Tensor) (other: torch.Tensor) =
            sorted.Samples.index_select (0L, torch.cat ([| one; other |], 0L))

        let first, second = samplesOf a b, samplesOf p n

        let same = (Numeric.upTo (2L * half) labels.device).lt(Numeric.whole half)

        let struct (positives, negatives) = count labels

        {
            First = scope.MoveToOuter first
            Second = scope.MoveToOuter second
            Same = scope.MoveToOuter same
            NegativeWeight = float negatives / float positives
        }
