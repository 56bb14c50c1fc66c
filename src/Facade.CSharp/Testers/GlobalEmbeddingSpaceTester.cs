namespace MetricLearning;

/// <summary>Compares all samples of a split with all of its references.</summary>
/// <param name="options">Null for the documented defaults.</param>
/// <exception cref="ArgumentException">Options that do not fit each other.</exception>
public sealed class GlobalEmbeddingSpaceTester(TesterOptions? options = null)
    : BaseTester(EmbeddingSpace.Global, options);
