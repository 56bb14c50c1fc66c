using MetricLearning;

namespace Digits;

/// <summary>One loss on the embeddings.</summary>
internal static class MetricLossOnlyProtocol
{
    /// <summary>By the name that --loss takes.</summary>
    public static readonly IReadOnlyDictionary<string, Protocol> ByLoss = new Dictionary<string, Protocol>
    {
        ["TripletMargin"] = new(
            options => new MetricLossOnly(options),
            () => new() { MetricLoss = new TripletMarginLoss(margin: 0.1) },
            () => new() { TupleMiner = new MultiSimilarityMiner(epsilon: 0.1) }
        ),
        ["Contrastive"] = new(
            options => new MetricLossOnly(options),
            () => new() { MetricLoss = new ContrastiveLoss(posMargin: 0, negMargin: 1) }
        ),
        ["ArcFace"] = new(
            options => new MetricLossOnly(options),
            () => new() { MetricLoss = new ArcFaceLoss(numClasses: 10, embeddingSize: 32) }
        ),
        ["CrossBatchMemory"] = new(
            options => new MetricLossOnly(options),
            () =>
                new()
                {
                    MetricLoss = new CrossBatchMemory(
                        new ContrastiveLoss(posMargin: 0, negMargin: 1),
                        embeddingSize: 32,
                        memorySize: 512
                    ),
                }
        ),
    };
}
