using TorchSharp;

namespace Digits;

/// <summary>What came of training with one seed.</summary>
/// <param name="Losses">The total loss of every iteration.</param>
/// <param name="Accuracies">Those of evaluations during training, if there were any.</param>
/// <param name="EmbeddedBefore">The test pictures in the untrained net, (719 × embedding size).</param>
/// <param name="EmbeddedAfter">The same in the trained net.</param>
/// <param name="Weights">The <see cref="Fingerprint"/> of the final weights.</param>
internal sealed record Run(
    int Seed,
    RetrievalScores Before,
    RetrievalScores After,
    IReadOnlyList<double> Losses,
    AccuracyHistory? Accuracies,
    torch.Tensor EmbeddedBefore,
    torch.Tensor EmbeddedAfter,
    TimeSpan Duration,
    string Weights
);
