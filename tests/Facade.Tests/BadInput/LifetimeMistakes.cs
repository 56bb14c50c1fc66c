using MetricLearning.Tests.Training;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>Things that are disposed, moved, replaced or somebody else&#39;s.</summary>
public sealed class LifetimeMistakes
{
    public static TheoryData<string> Uses =>
        ["Train", "Events", "Step", "State", "State set", "StepLrPlateauSchedulers"];

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
        Refusing.In<InvalidOperationException>(scenario.Options, trainer, () => trainer.State = state, "released");
        trainer.Step();
    }

    public static TheoryData<string> Others =>
        ["other sizes", "other buffers", "other optimizers", "other schedules", "other losses"];

    [Theory]
    [MemberData(nameof(Others))]
    public void The_state_of_another_trainer_is_refused(string difference)
    {
        using var scenario = new Scenario();
        using var other = new Scenario();
        var larger = nn.Linear(4, 20);
        var afterIt = nn.Linear(20, 3);
        var options = difference switch
        {
            "other sizes" => new TrainerOptions(other.Options)
            {
                Models = new() { Trunk = larger, Embedder = afterIt },
                Optimizers = new()
                {
                    Trunk = optim.Adam(larger.parameters()),
                    Embedder = optim.Adam(afterIt.parameters()),
                },
            },
            "other buffers" => new TrainerOptions(other.Options)
            {
                Models = new() { Trunk = nn.Sequential(other.Trunk, nn.BatchNorm1d(6)), Embedder = other.Embedder },
            },
            "other optimizers" => new TrainerOptions(other.Options)
            {
                Optimizers = new() { Trunk = other.TrunkOptimizer },
            },
            "other schedules" => new TrainerOptions(other.Options)
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
        Refusing.In<InvalidOperationException>(
            scenario.Options,
            trainer,
            () => trainer.Train(2),
            "\"trunk.",
            "disposed"
        );
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
    public void Two_trainers_of_the_same_networks_take_turns()
    {
        using var scenario = new Scenario();
        using var alone = new Scenario();
        using var first = new MetricLossOnly(scenario.Options);
        using var undisturbed = new MetricLossOnly(alone.Options);
        using var second = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
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
        using var inOrder = new Scenario();
        var older = new MetricLossOnly(scenario.Options);
        older.Train(1);
        using var newer = new MetricLossOnly(scenario.Options);
        newer.Step();
        older.Dispose();
        newer.Step();

        using (var first = new MetricLossOnly(inOrder.Options))
        {
            first.Train(1);
        }

        using var second = new MetricLossOnly(inOrder.Options);
        second.Step();
        second.Step();
        Assert.Equal(inOrder.Weights(), scenario.Weights());
    }
}
