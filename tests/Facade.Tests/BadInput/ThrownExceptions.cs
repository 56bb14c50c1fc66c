using MetricLearning.Core;
using MetricLearning.Tests.Training;
using Xunit;
using static MetricLearning.Tests.BadInput.Altered;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>What the user&#39;s own code throws, and what comes after it.</summary>
public sealed class ThrownExceptions
{
    private sealed class Odd(string message) : Exception(message);

    [Theory]
    [InlineData("network")]
    [InlineData("loss")]
    [InlineData("tuple miner")]
    [InlineData("subset miner")]
    [InlineData("clipper")]
    public void Exceptions_of_the_users_code_arrive_as_they_are(string thrower)
    {
        using var scenario = new Scenario();
        var options = thrower switch
        {
            "network" => Embedding(scenario, _ => throw new Odd(thrower)),
            "loss" => Losing(scenario, (_, _) => throw new Odd(thrower)),
            "tuple miner" => Mining(scenario, _ => throw new Odd(thrower)),
            "subset miner" => Choosing(scenario, (_, _) => throw new Odd(thrower)),
            _ => new TrainerOptions(scenario.Options)
            {
                GradientClippers = new() { Trunk = () => throw new Odd(thrower) },
            },
        };
        Refusing.AtStep<Odd>(options, thrower);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    public void A_failure_in_the_middle_leaves_the_run_as_if_it_had_not_been(int failing)
    {
        using var scenario = new Scenario();
        using var undisturbed = new Scenario();
        var calls = 0;
        var options = new TrainerOptions(scenario.Options)
        {
            GradientClippers = new() { Embedder = () => _ = ++calls == failing ? throw new Odd("once") : 0 },
        };
        using var trainer = new MetricLossOnly(options);
        using var other = new MetricLossOnly(
            new TrainerOptions(undisturbed.Options) { GradientClippers = new() { Embedder = () => { } } }
        );

        for (var step = 1; step < failing; step++)
        {
            trainer.Step();
        }

        Refusing.In<Odd>(options, trainer, () => trainer.Step(), "once");
        trainer.Train(2);
        other.Train(2);

        Assert.Equal(undisturbed.Weights(), scenario.Weights());
        Assert.Equal(other.Losses, trainer.Losses);
    }
}
