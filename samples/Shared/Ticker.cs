using MetricLearning;

namespace Samples;

/// <summary>Progress told at once: <c>Progress&lt;T&gt;</c> would post it to another thread, and arrive late.</summary>
internal sealed class Ticker(Action<TrainingProgress> tick) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress now) => tick(now);
}
