using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

public sealed class CustomTrainerTests
{
    [Fact]
    public void The_steps_of_MetricLossOnly_make_MetricLossOnly()
    {
        using var scenario = new Scenario();
        using var documented = new Scenario();
        MiningFuncs miners = new() { TupleMiner = new MultiSimilarityMiner(epsilon: 0.1) };
        using var own = new CustomTrainer(
            new TrainerOptions(scenario.Options) { MiningFuncs = miners },
            context =>
            {
                var embeddings = context.Through("embedder", context.Trunk());
                return [new("metric_loss", context.Loss("metric_loss", embeddings, context.Mine(embeddings)))];
            }
        );
        using var trainer = new MetricLossOnly(new TrainerOptions(documented.Options) { MiningFuncs = miners });

        own.Train(3);
        trainer.Train(3);

        Assert.Equal(documented.Weights(), scenario.Weights());
        Assert.Equal(trainer.Losses, own.Losses);
    }

    [Fact]
    public void Networks_and_losses_may_have_any_names_and_losses_need_no_function()
    {
        using var scenario = new Scenario();
        var head = nn.Linear(3, 4);
        using var trainer = new CustomTrainer(
            new TrainerOptions(scenario.Options)
            {
                Models = new(scenario.Options.Models) { ["head"] = head },
                Optimizers = new(scenario.Options.Optimizers)
                {
                    ["head_optimizer"] = optim.SGD(head.parameters(), 0.1),
                },
                LossWeights = new() { MetricLoss = 1, ["class_loss"] = 0.5 },
            },
            context =>
            {
                var embeddings = context.Embeddings();
                var logits = context.Through("head", embeddings);
                return
                [
                    new("metric_loss", context.Loss("metric_loss", embeddings)),
                    new("class_loss", nn.functional.cross_entropy(logits, context.Labels)),
                ];
            },
            "class_loss"
        );
        var before = head.weight!.data<float>().ToArray();

        trainer.Train(2);

        Assert.NotEqual(before, head.weight!.data<float>().ToArray());
        Assert.Equal(["class_loss", "metric_loss", "total_loss"], trainer.Losses.Keys.Order());
        Rounded.Equal(
            trainer.Losses["class_loss"] + trainer.Losses["metric_loss"],
            trainer.Losses["total_loss"],
            Rounded.Single
        );
    }

    [Fact]
    public void A_loss_without_weight_does_not_count()
    {
        using var scenario = new Scenario();
        using var plain = new Scenario();
        using var trainer = new CustomTrainer(
            new TrainerOptions(scenario.Options)
            {
                LossWeights = new() { MetricLoss = 1, ["off"] = -1 },
            },
            context =>
            {
                var embeddings = context.Embeddings();
                return [new("metric_loss", context.Loss("metric_loss", embeddings)), new("off", embeddings.sum())];
            },
            "off"
        );
        using var other = new MetricLossOnly(plain.Options);

        trainer.Train(1);
        other.Train(1);

        Assert.Equal(plain.Weights(), scenario.Weights());
        Assert.Equal(0, trainer.Losses["off"]);
    }
}
