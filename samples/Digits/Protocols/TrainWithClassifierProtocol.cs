using MetricLearning;
using static TorchSharp.torch;

namespace Digits;

/// <summary>A loss on the embeddings, and a classifier on top of them that names the digit.</summary>
internal static class TrainWithClassifierProtocol
{
    public static readonly Protocol Value = new(
        options => new TrainWithClassifier(options),
        () => new() { MetricLoss = new TripletMarginLoss(margin: 0.1), ClassifierLoss = nn.CrossEntropyLoss() },
        () => new() { TupleMiner = new MultiSimilarityMiner(epsilon: 0.1) },
        () => new() { Classifier = nn.Linear(32, 10) }
    )
    {
        LossWeights = new() { MetricLoss = 1, ClassifierLoss = 0.5 },
    };
}
