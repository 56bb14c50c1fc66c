using MetricLearning.Core;
using Xunit;

namespace MetricLearning.Tests.Learn;

public sealed class ScheduleTests
{
    private static Core.Schedule Value(Schedule value) => value.Value;

    [Fact]
    public void Defaults_are_the_core_s()
    {
        Assert.Equal(ScheduleModule.step(3, 0.1), Value(Schedule.Step(3)));
        Assert.Equal(ScheduleModule.multiStep([3, 5], 0.1), Value(Schedule.MultiStep([3, 5])));
        Assert.Equal(ScheduleModule.exponential(0.9), Value(Schedule.Exponential(0.9)));
        Assert.Equal(ScheduleModule.cosine(7, 0), Value(Schedule.CosineAnnealing(7)));
        Assert.Equal(ScheduleModule.cosineWarmRestarts(7, 1, 0), Value(Schedule.CosineAnnealingWarmRestarts(7)));
        Assert.Equal(ScheduleModule.linearWarmUp(1.0 / 3, 1, 5), Value(Schedule.Linear()));
        Assert.Equal(ScheduleModule.polynomial(5, 1), Value(Schedule.Polynomial()));
        Assert.Equal(ScheduleModule.oneCycle(0.5, 100), Value(Schedule.OneCycle(0.5, 100)));
        Assert.Equal(ScheduleModule.plateau(ScheduleModule.plateauDefaults), Value(Schedule.ReduceOnPlateau()));
    }

    [Fact]
    public void Arguments_arrive_where_they_belong()
    {
        Assert.Equal(
            ScheduleRule.NewOneCycle(new OneCycle([1, 2], 50, 0.2, Annealing.Linear, 5, 10, true)),
            Value(Schedule.OneCycle([1, 2], 50, 0.2, AnnealStrategy.Linear, 5, 10, true)).Rule
        );
        Assert.Equal(
            ScheduleRule.NewPlateau(
                new Plateau(Core.PlateauMode.Max, 0.5, 3, 0.1, Core.ThresholdMode.Absolute, 2, [0.1, 0.2], 1e-3)
            ),
            Value(Schedule.ReduceOnPlateau(PlateauMode.Max, 0.5, 3, 0.1, ThresholdMode.Abs, 2, [0.1, 0.2], 1e-3)).Rule
        );
    }

    [Fact]
    public void It_may_name_the_optimizer_that_it_drives()
    {
        Assert.Null(Value(Schedule.Step(1)).Optimizer);
        Assert.Equal("trunk_optimizer", Value(Schedule.Step(1).Drives("trunk_optimizer")).Optimizer?.Value);
    }

    public static TheoryData<string, Action> Mistakes =>
        new()
        {
            { "stepSize", () => Schedule.Step(0) },
            { "milestones", () => Schedule.MultiStep([-1]) },
            { "gamma", () => Schedule.Exponential(double.NaN) },
            { "tMax", () => Schedule.CosineAnnealing(0) },
            { "etaMin", () => Schedule.CosineAnnealing(1, -1) },
            { "t0", () => Schedule.CosineAnnealingWarmRestarts(0) },
            { "tMult", () => Schedule.CosineAnnealingWarmRestarts(1, 0) },
            { "startFactor", () => Schedule.Linear(0) },
            { "endFactor", () => Schedule.Linear(endFactor: 2) },
            { "totalIters", () => Schedule.Polynomial(0) },
            { "power", () => Schedule.Polynomial(1, -1) },
            { "maxLr", () => Schedule.OneCycle(0, 10) },
            { "totalSteps", () => Schedule.OneCycle(1, 0) },
            { "pctStart", () => Schedule.OneCycle(1, 10, 2) },
            { "divFactor", () => Schedule.OneCycle(1, 10, divFactor: 0) },
            { "finalDivFactor", () => Schedule.OneCycle(1, 10, finalDivFactor: 0) },
            { "factor", () => Schedule.ReduceOnPlateau(factor: 1) },
            { "patience", () => Schedule.ReduceOnPlateau(patience: -1) },
            { "threshold", () => Schedule.ReduceOnPlateau(threshold: -1) },
            { "cooldown", () => Schedule.ReduceOnPlateau(cooldown: -1) },
            { "minLr", () => Schedule.ReduceOnPlateau(minLr: [-1]) },
            { "eps", () => Schedule.ReduceOnPlateau(eps: -1) },
        };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_names_its_argument(string argument, Action act) =>
        Assert.Equal(argument, Assert.ThrowsAny<ArgumentException>(act).ParamName);
}
