using TorchSharp;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Logging;

/// <summary>Evaluations whose only metric, <c>planned</c>, takes given values.</summary>
internal static class Planned
{
    /// <summary>A tester with these values, one an evaluation.</summary>
    public static GlobalEmbeddingSpaceTester Tester(params double[] scores)
    {
        var next = 0;
        var metric = new RetrievalMetric(
            "planned",
            retrieved => full(retrieved.Matches.size(0), scores[next++], dtype: ScalarType.Float64)
        );
        return new(
            new TesterOptions
            {
                DataloaderNumWorkers = 0,
                AccuracyCalculator = new(include: ["planned"], customMetrics: [metric]),
            }
        );
    }

    /// <summary>The data of a scenario as a split.</summary>
    public static Dictionary<string, TrainingData> Splits(Training.Scenario scenario) =>
        new() { ["val"] = TrainingData.FromTensors(scenario.Data, scenario.Labels) };

    /// <summary>Hooks that judge by the metric.</summary>
    public static HookContainer Hooks(RecordKeeper keeper) =>
        LoggingPresets.GetHookContainer(keeper, primaryMetric: "planned", logFreq: 1);
}
