using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

/// <summary>What is the user's own, during training and after it.</summary>
public sealed class OwnershipTests
{
    [Fact]
    public void Disposing_gives_the_networks_back_as_they_were_found()
    {
        using var scenario = new Scenario();
        scenario.Embedder.eval();
        var frozen = scenario.Trunk.parameters().First();
        frozen.requires_grad = false;
        var trainer = new MetricLossOnly(new TrainerOptions(scenario.Options) { FreezeThese = ["embedder"] });
        trainer.Train(1);
        var weights = scenario.Weights();
        using var state = trainer.State;
        trainer.Dispose();

        Assert.Equal(weights, scenario.Weights());
        Assert.True(scenario.Trunk.training);
        Assert.False(scenario.Embedder.training);
        Assert.False(frozen.requires_grad);
        Assert.All(scenario.Trunk.parameters().Skip(1), parameter => Assert.True(parameter.requires_grad));
        Assert.All(scenario.Embedder.parameters(), parameter => Assert.True(parameter.requires_grad));

        using (no_grad())
        {
            scenario.Embedder.parameters().First().zero_();
        }

        Assert.False(state.IsDisposed);
        using var next = new MetricLossOnly(scenario.Options);
        next.Train(1);
    }

    [Fact]
    public void No_tensor_is_left_over()
    {
        using var scenario = new Scenario();
        var live = new List<long>();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfIterationHook = _ => live.Add(Tensor.TotalCount),
                EndOfEpochHook = t =>
                {
                    t.State.Dispose();
                    return true;
                },
            }
        );

        Garbage.LeftAlone(() => trainer.Train(4));

        // After the first epoch TorchSharp's optimizers show their slots, in tensors of their own.
        Assert.Equal(12, live.Count);
        Assert.Single(live[1..3].Distinct());
        Assert.Single(live[3..].Distinct());
    }

    [Fact]
    public void TorchSharps_optimizers_show_their_slots_after_training()
    {
        using var scenario = new Scenario();
        using var path = new MemoryStream();
        using (var trainer = new MetricLossOnly(scenario.Options))
        {
            trainer.Train(1);
            using var writer = new BinaryWriter(path, System.Text.Encoding.UTF8, leaveOpen: true);
            ((TorchSharp.Modules.Adam)scenario.EmbedderOptimizer).save_state_dict(writer);
        }

        var slots = ((TorchSharp.Modules.Adam)scenario.EmbedderOptimizer)
            .state_dict()
            .State.Cast<TorchSharp.Modules.Adam.State>()
            .ToArray();
        Assert.True(path.Length > 0);
        Assert.All(slots, slot => Assert.Equal(3, slot.step));
        Assert.All(slots, slot => Assert.True(slot.exp_avg_sq.sum().item<float>() > 0));
    }
}
