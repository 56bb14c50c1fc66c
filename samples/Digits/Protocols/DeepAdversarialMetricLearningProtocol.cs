using MetricLearning;
using static TorchSharp.torch.nn;

namespace Digits;

/// <summary>A generator makes negatives that are hard to tell from the anchor; the metric learns from them.</summary>
internal static class DeepAdversarialMetricLearningProtocol
{
    public static readonly Protocol Value = new(
        options => new DeepAdversarialMetricLearning(
            options,
            metricAloneEpochs: 2,
            gAloneEpochs: 2,
            gTripletsPerAnchor: 5
        ),
        () =>
            new()
            {
                MetricLoss = new TripletMarginLoss(margin: 0.1),
                GAdvLoss = new TripletMarginLoss(margin: 0.1),
                SynthLoss = new TripletMarginLoss(margin: 0.1),
            },
        () => new() { TupleMiner = new MultiSimilarityMiner(epsilon: 0.1) },
        () => new() { Generator = Sequential(Linear(3 * 64, 64), ReLU(), Linear(64, 64)) }
    )
    {
        LossWeights = new()
        {
            MetricLoss = 1,
            SynthLoss = 0.1,
            GAdvLoss = 0.1,
            GHardLoss = 0.1,
            GRegLoss = 0.1,
        },
        AboutLoss =
            "The curve jumps where the phases change: two epochs train the metric alone, two the generator alone, and then "
            + "both learn together.",
    };
}
