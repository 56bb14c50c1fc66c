using MetricLearning.Tests.Training;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>Things that are disposed, moved, replaced or somebody else&#39;s.</summary>
public sealed class LifetimeMistakes
{
    public static TheoryData<string> Uses => ["Train", "Events", "Step", "State", "State set", "StepLrPlateauSchedulers"];

    [Theory]
    [MemberData(nameof(Uses))]
    public void A_disposed_trainer_says_so(string use)
    {
        using var scenario = new Scenario();
        var trainer = new MetricLossOnly(scenario.Options);
        trainer.Step();
        using var state = trainer.State;
        trainer.Dispose();
        var weights = scenario.Weights();

        var error = Assert.Throws<ObjectDisposedException>(() =>
        {
            switch (use)
            {
                case "Train":
                    trainer.Train(1);
                    break;
                case "Events":
                    _ = trainer.Events(1);
                    break;
                case "Step":
                    trainer.Step();
                    break;
                case "State":
                    _ = trainer.State;
                    break;
                case "State set":
                    trainer.State = state;
                    break;
                default:
                    trainer.StepLrPlateauSchedulers(1);
                    break;
            }
        });

        Assert.Contains("MetricLossOnly", error.ObjectName, StringComparison.Ordinal);
        Assert.Equal(weights, scenario.Weights());
        trainer.Dispose();
    }

    [Fact]
    public void A_disposed_state_is_refused()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Step();
        var state = trainer.State;
        trainer.Step();
        state.Dispose();

        Assert.True(state.IsDisposed);
        Refusing.In<InvalidOperationException>(
            scenario.Options,
            trainer,
            () => trainer.State = state,
            "released"
        );
        trainer.Step();
    }

    public static TheoryData<string> Others => ["other sizes", "other buffers", "other optimizers", "other schedules", "other losses"];

    [Theory]
    [MemberData(nameof(Others))]
    public void The_state_of_another_trainer_is_refused(string difference)
    {
        using var scenario = new Scenario();
        using var other = new Scenario();
        var options = difference switch
        {
            "other sizes" => other.Options with
            {
                Models = new() { Trunk = nn.Linear(4, 20), Embedder = nn.Linear(20, 3) },
                Optimizers = new() { Trunk = other.TrunkOptimizer, Embedder = other.EmbedderOptimizer },
            },
            "other buffers" => other.Options with
            {
                Models = new() { Trunk = nn.Sequential(other.Trunk, nn.BatchNorm1d(6)), Embedder = other.Embedder },
            },
            "other optimizers" => other.Options with { Optimizers = new() { Trunk = other.TrunkOptimizer } },
            "other schedules" => other.Options with
            {
                LrSchedulers = new() { TrunkByEpoch = optim.lr_scheduler.StepLR(other.TrunkOptimizer, 1) },
            },
            _ => other.Options,
        };
        using var trainer = new MetricLossOnly(scenario.Options);
        using BaseTrainer stranger =
            difference == "other losses"
                ? new CustomTrainer(options, context => [new("metric_loss", context.Embeddings().sum())], "more")
                : new MetricLossOnly(options);
        trainer.Step();
        using var state = stranger.State;

        Refusing.In<ArgumentException>(
            scenario.Options,
            trainer,
            () => trainer.State = state,
            "This state is that of another trainer",
            "the same networks"
        );
        trainer.Train(1);
        Assert.Equal(2, trainer.GlobalIteration);
    }

    [Fact]
    public void A_network_moved_after_construction_is_named()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Step();
        scenario.Embedder.to(ScalarType.Float64);

        Refusing.In<InvalidOperationException>(
            scenario.Options,
            trainer,
            () => trainer.Step(),
            "\"embedder.weight\"",
            "Move modules first"
        );
    }

    [Fact]
    public void A_network_disposed_after_construction_is_named()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Step();
        scenario.Trunk.Dispose();

        Refusing.In<InvalidOperationException>(scenario.Options, trainer, () => trainer.Step(), "\"trunk.", "disposed");
        Refusing.In<InvalidOperationException>(scenario.Options, trainer, () => trainer.Train(2), "\"trunk.", "disposed");
    }

    [Fact]
    public void Data_disposed_after_construction_are_an_error()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Step();
        scenario.Data.Dispose();

        Refusing.In<InvalidOperationException>(scenario.Options, trainer, () => trainer.Step());
    }

    [Fact]
    public void A_parameter_group_added_after_construction_is_an_error()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Step();
        ((SGD)scenario.TrunkOptimizer).add_param_group(new SGD.ParamGroup([scenario.Embedder.parameters().First()], 0.1));

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
        var options = scenario.Options with
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
        var options = scenario.Options with { Optimizers = new() { Trunk = optimizer } };
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

    [Fact]
    public void An_optimizer_without_a_twin_is_a_warning()
    {
        using var scenario = new Scenario();
        using var optimizer = optim.Rprop(scenario.Trunk.parameters());
        using var trainer = new MetricLossOnly(scenario.Options with { Optimizers = new() { Trunk = optimizer } });
        Assert.Contains(
            trainer.Warnings,
            warning =>
                warning.Contains("trunk_optimizer", StringComparison.Ordinal)
                && warning.Contains("Rprop", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void TorchSharps_schedulers_cannot_be_rewound()
    {
        using var scenario = new Scenario();
        var options = scenario.Options with
        {
            LrSchedulers = new() { TrunkByIteration = optim.lr_scheduler.StepLR(scenario.TrunkOptimizer, 1, 0.5) },
        };
        using var trainer = new MetricLossOnly(options);
        trainer.Step();
        using var state = trainer.State;
        trainer.Step();
        trainer.State = state;

        Refusing.In<InvalidOperationException>(
            options,
            trainer,
            () => trainer.Step(),
            "\"trunk_scheduler_by_iteration\"",
            "use a schedule of this library"
        );
    }

    [Fact]
    public void Two_trainers_of_the_same_networks_take_turns()
    {
        using var scenario = new Scenario();
        using var alone = new Scenario();
        using var first = new MetricLossOnly(scenario.Options);
        using var undisturbed = new MetricLossOnly(alone.Options);
        using var second = new MetricLossOnly(
            scenario.Options with
            {
                Optimizers = new() { Trunk = optim.SGD(scenario.Trunk.parameters(), 0.5) },
                FreezeThese = ["embedder"],
                Seed = 9,
            }
        );

        for (var turn = 0; turn < 3; turn++)
        {
            first.Step();
            second.Step();
            undisturbed.Step();
        }

        using (var state = first.State)
        {
            first.State = state;
        }

        Assert.Equal(undisturbed.Losses, first.Losses);
        Assert.Equal(alone.Weights(), scenario.Weights());
    }

    [Fact]
    public void Disposing_an_older_trainer_of_the_same_networks_leaves_the_newer_one_alone()
    {
        using var scenario = new Scenario();
        var older = new MetricLossOnly(scenario.Options);
        older.Train(1);
        using var newer = new MetricLossOnly(scenario.Options);
        newer.Step();
        older.Dispose();
        var before = scenario.Weights();
        newer.Step();
        var shown = scenario.Weights();

        Assert.NotEqual(before, shown);
        using var state = newer.State;
        newer.State = state;
        Assert.Equal(shown, scenario.Weights());
    }
}
