using MetricLearning;
using static TorchSharp.torch;

namespace Pictures;

/// <summary>What came of a run.</summary>
/// <param name="Before">The untrained network's scores on the test pictures.</param>
/// <param name="After">The trained one's.</param>
/// <param name="Embeddings">Of the test pictures, (N × D).</param>
/// <param name="Threshold">Chosen by the validation pictures.</param>
/// <param name="Losses">The total loss of every iteration.</param>
/// <param name="Accuracies">Of the validation pictures, every few epochs; null if never.</param>
/// <param name="Card">What the model says of itself.</param>
internal sealed record Run(
    RetrievalScores Before,
    RetrievalScores After,
    Tensor Embeddings,
    CalibratedThreshold Threshold,
    IReadOnlyList<double> Losses,
    AccuracyHistory? Accuracies,
    IReadOnlyList<KeyValuePair<string, string>> Card
);
