using MetricLearning.Tests.Training;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>Optimizers and schedules that change, or that cannot go back.</summary>
public sealed class OptimizerMistakes
{
    [Fact]
    public void A_parameter_group_added_after_construction_is_an_error()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Step();
        ((SGD)scenario.TrunkOptimizer).add_param_group(
            new SGD.ParamGroup([scenario.Embedder.parameters().First()], 0.1)
        );

        Refusing.In<InvalidOperationException>(
            scenario.Options,
            trainer,
            () => trainer.Step(),
            "\"trunk_optimizer\" had 1 parameter group(s)",
            "has 2 now"
        );
    }

    [Fact]
    public void Momentum_switched_on_after_construction_is_an_error_before_anything_moves()
    {
        using var scenario = new Scenario();
        using var plain = optim.SGD(scenario.Embedder.parameters(), 0.1);
        var options = new TrainerOptions(scenario.Options)
        {
            Optimizers = new() { Trunk = scenario.TrunkOptimizer, Embedder = plain },
        };
        using var trainer = new MetricLossOnly(options);
        trainer.Step();
        ((SGD.Options)plain.ParamGroups.Cast<SGD.ParamGroup>().Single().Options).momentum = 0.9;

        Refusing.In<InvalidOperationException>(
            options,
            trainer,
            () => trainer.Step(),
            "\"embedder_optimizer\"",
            "Make a new trainer"
        );
    }

    [Fact]
    public void An_optimizer_without_a_twin_trains_but_cannot_be_forked()
    {
        using var scenario = new Scenario();
        using var optimizer = optim.Rprop(scenario.Trunk.parameters());
        var options = new TrainerOptions(scenario.Options) { Optimizers = new() { Trunk = optimizer } };
        using var trainer = new MetricLossOnly(options);
        var first = scenario.Weights();
        trainer.Step();
        using var state = trainer.State;
        trainer.Step();
        Assert.NotEqual(first, scenario.Weights());

        trainer.State = state;
        Refusing.In<InvalidOperationException>(
            options,
            trainer,
            () => trainer.Step(),
            "\"trunk_optimizer\" (Rprop)",
            "no fork",
            "Adam"
        );
    }
}
