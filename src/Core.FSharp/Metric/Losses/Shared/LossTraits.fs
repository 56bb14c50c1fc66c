namespace MetricLearning

/// The traits of a loss: what it can be given, and how it may be computed.
[<AbstractClass>]
type LossTraits internal (name: string) =
    inherit LearningModule(name)

    /// The names of the loss's parts.
    abstract Parts: string[]

    default _.Parts = [| "loss" |]

    /// True if the loss can be given labels. One of views of the same samples, or with classes of its own, refuses them.
    abstract TakesLabels: bool

    default _.TakesLabels = true

    /// True if the loss can be given tuples. One that looks at the whole batch, or has miners of its own, refuses them.
    abstract TakesTuples: bool

    default _.TakesTuples = true

    /// True if positives and negatives may be of a reference set; losses that compare with their own weights take none.
    abstract TakesReferences: bool

    default _.TakesReferences = true

    /// True if labels may be any numbers that tell samples apart, rather than classes that the loss knows something about.
    abstract TakesAnyLabels: bool

    default this.TakesAnyLabels = this.TakesReferences

    /// True if computing the loss writes to its parameters. A training step then works on a copy of them.
    abstract RewritesParameters: bool

    default _.RewritesParameters = false

    /// True if the values of an anchor (of its pairs and triplets) follow from the anchor and the reference set alone, and not
    /// from the other anchors of the batch: then a batch may be computed some anchors at a time (`MaxMemory`). By default
    /// false. For a loss of your own that overrides this, `ComputeLoss` sees a part of the anchors against the whole batch;
    /// it takes pairs from the input (`Matches`, `Differs`, `Pairs`, `Triplets`), draws nothing, writes nothing, gives
    /// the same parts for all anchors, and divisors that add up over anchors.
    abstract AnchorsAreIndependent: bool

    default _.AnchorsAreIndependent = false

    /// About how many numbers the formula makes at once for each anchor, so that tiles fit: by default one for each sample of
    /// the reference set. Several matrices of this width are reckoned with.
    abstract NumbersPerAnchor: input: MetricInput -> int64

    default _.NumbersPerAnchor input = input.RefEmbeddings.size 0

    /// The number of classes whose values are independent instead of those of anchors; 0: anchors.
    member val internal TilesOverClasses = 0L with get, set

    /// False if tuples by hand name other samples than those of the batch and the reference set.
    member val internal TuplesAreOfBatch = true with get, set
