using MetricLearning;

namespace Digits;

/// <summary>Three sections of 16 numbers, each with a loss of its own; the last sees what the one before found hard.</summary>
internal static class CascadedEmbeddingsProtocol
{
    public static readonly Protocol Value = new(
        options => new CascadedEmbeddings([16, 16, 16], options),
        () =>
            new()
            {
                ["metric_loss_0"] = new ContrastiveLoss(posMargin: 0, negMargin: 0.5),
                ["metric_loss_1"] = new MultiSimilarityLoss(alpha: 0.1, beta: 40, @base: 0.5),
                ["metric_loss_2"] = new CircleLoss(),
            },
        () =>
            new()
            {
                ["tuple_miner_1"] = new MultiSimilarityMiner(epsilon: 0.1),
                ["tuple_miner_2"] = new HDCMiner(filterPercentage: 0.25),
            }
    )
    {
        EmbeddingSize = 48,
    };
}
