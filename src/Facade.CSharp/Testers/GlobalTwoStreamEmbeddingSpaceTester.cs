namespace MetricLearning;

/// <summary>Compares the first input of every sample with the second of all: samples are (anchor, positive or negative, label). Each split is compared with itself only, and its own counterpart is a neighbour of an anchor.</summary>
/// <param name="options">Null for the documented defaults.</param>
/// <exception cref="ArgumentException">Options that do not fit each other.</exception>
public sealed class GlobalTwoStreamEmbeddingSpaceTester(TesterOptions? options = null)
    : BaseTester(EmbeddingSpace.TwoStream, options);
