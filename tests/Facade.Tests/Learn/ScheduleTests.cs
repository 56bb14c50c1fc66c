using Xunit;

namespace MetricLearning.Tests.Learn;

public sealed class ScheduleTests
{
    [Fact]
    public void Arguments_are_named_or_left_out()
    {
        Assert.NotNull(Schedule.OneCycle(maxLr: 0.5, totalSteps: 100));
        Assert.NotNull(Schedule.OneCycle([1, 2], 50, annealStrategy: AnnealStrategy.Linear, threePhase: true));
        Assert.NotNull(Schedule.ReduceOnPlateau(PlateauMode.Max, thresholdMode: ThresholdMode.Abs, minLr: [0.1, 0.2]));
        Assert.NotNull(Schedule.Linear().Drives("trunk_optimizer"));
    }
}
