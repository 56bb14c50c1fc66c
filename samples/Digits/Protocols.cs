using MetricLearning;

namespace Digits;

/// <summary>The protocols by the names that the command line takes.</summary>
internal static class Protocols
{
    /// <summary>The trainer for which --loss chooses.</summary>
    public const string WithLosses = nameof(MetricLossOnly);

    private static readonly Dictionary<string, Protocol> WithoutLosses = new()
    {
        [nameof(TrainWithClassifier)] = TrainWithClassifierProtocol.Value,
        [nameof(CascadedEmbeddings)] = CascadedEmbeddingsProtocol.Value,
        [nameof(TwoStreamMetricLoss)] = TwoStreamMetricLossProtocol.Value,
        [nameof(DeepAdversarialMetricLearning)] = DeepAdversarialMetricLearningProtocol.Value,
    };

    /// <summary>What --trainer takes.</summary>
    public static IEnumerable<string> Trainers => [WithLosses, .. WithoutLosses.Keys];

    /// <summary>What --loss takes.</summary>
    public static IEnumerable<string> Losses => MetricLossOnlyProtocol.ByLoss.Keys;

    /// <summary>What the options ask for.</summary>
    public static Protocol Of(Options options) =>
        options.Loss is { } loss ? MetricLossOnlyProtocol.ByLoss[loss] : WithoutLosses[options.Trainer];
}
