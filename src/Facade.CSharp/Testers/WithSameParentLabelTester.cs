namespace MetricLearning;

/// <summary>Compares samples that share the label one level higher, and averages over these parents (without those of which no sample has a match).</summary>
/// <param name="options">Null for the documented defaults.</param>
/// <exception cref="ArgumentException">Options that do not fit each other.</exception>
public sealed class WithSameParentLabelTester(TesterOptions? options = null)
    : BaseTester(EmbeddingSpace.WithSameParentLabel, options);
