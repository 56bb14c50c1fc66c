using MetricLearning.Core;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

/// <summary>Rows of docs/differences.md that no other test is about.</summary>
public sealed class DifferenceTests
{
    [Fact]
    public void A_hook_cannot_leave_a_network_in_evaluation_mode()
    {
        using var quiet = new Scenario();
        using var disturbed = new Scenario();
        using var one = new MetricLossOnly(quiet.Options);
        using var two = new MetricLossOnly(
            new TrainerOptions(disturbed.Options) { EndOfIterationHook = _ => disturbed.Trunk.eval() }
        );

        one.Train(2);
        two.Train(2);

        Assert.Equal(quiet.Weights(), disturbed.Weights());
    }

    [Fact]
    public void Gradients_of_a_loss_without_an_optimizer_do_not_add_up()
    {
        using var scenario = new Scenario();
        using var loss = new ArcFaceLoss(numClasses: 4, embeddingSize: 3);
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                LossFuncs = new() { MetricLoss = loss },
                Optimizers = [],
                Sampler = Enumerable.Range(0, 8).Select(index => (long)index).ToArray(),
            }
        );

        Assert.Contains(trainer.Warnings, warning => warning.Contains("metric_loss", StringComparison.Ordinal));

        trainer.Step();
        var first = loss.parameters().Single().grad?.data<float>().ToArray();
        trainer.Step();
        Assert.NotNull(first);
        Assert.Equal(first, loss.parameters().Single().grad?.data<float>().ToArray());
    }

    [Fact]
    public void Weighting_leaves_what_a_loss_returns_as_it_is()
    {
        using var scenario = new Scenario();
        var returned = new List<(Tensor Value, float Before)>();
        var loss = new Made.Loss(
            (embeddings, _) =>
            {
                var value = embeddings.square().mean();
                returned.Add((value.DetachFromDisposeScope(), value.item<float>()));
                return value;
            }
        );
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                LossFuncs = new() { MetricLoss = loss },
                LossWeights = new() { MetricLoss = 3 },
            }
        );

        trainer.Step();

        var (value, before) = Assert.Single(returned);
        Assert.Equal(before, value.item<float>());
        Rounded.Equal(3 * before, trainer.Losses["metric_loss"], Rounded.Single);
        value.Dispose();
    }
}
