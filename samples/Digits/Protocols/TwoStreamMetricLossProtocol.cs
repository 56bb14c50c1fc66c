using MetricLearning;

namespace Digits;

/// <summary>Pictures in pairs: anchors come from the first of each, positives and negatives from the second.</summary>
internal static class TwoStreamMetricLossProtocol
{
    public static readonly Protocol Value = new(
        options => new TwoStreamMetricLoss(options),
        () => new() { MetricLoss = new TripletMarginLoss(margin: 0.2) },
        () => new() { TupleMiner = new TripletMarginMiner(margin: 0.2) }
    )
    {
        Samples = Pairs,
    };

    // The partner is any picture of the same digit, drawn anew each time from the seed of the sample, so that runs repeat.
    private static TrainingData Pairs(DigitSet digits)
    {
        var labels = digits.Labels.data<long>().ToArray();
        var rows = Enumerable
            .Range(0, labels.Length)
            .GroupBy(row => labels[row])
            .ToDictionary(g => g.Key, g => g.ToArray());

        return TrainingData.FromSamples(
            digits.Count,
            (row, seed) =>
            {
                var label = labels[row];
                var partner = rows[label][seed.Random().Next(rows[label].Length)];
                return (digits.Pictures[row], digits.Pictures[partner], label);
            }
        );
    }
}
