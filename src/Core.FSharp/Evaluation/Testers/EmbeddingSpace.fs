namespace MetricLearning

/// The samples that a tester compares with each other.
type EmbeddingSpace =
    /// All samples of a split with all of its references.
    | Global = 0
    /// Samples that share the label one level higher.
    | WithSameParentLabel = 1
    /// The first input of every sample with the second of all.
    | TwoStream = 2

module internal EmbeddingSpace =

    /// The name in names of records: the documented tester's.
    let name (space: EmbeddingSpace) : string =
        match space with
        | EmbeddingSpace.WithSameParentLabel -> "WithSameParentLabelTester"
        | EmbeddingSpace.TwoStream -> "GlobalTwoStreamEmbeddingSpaceTester"
        | _ -> "GlobalEmbeddingSpaceTester"
