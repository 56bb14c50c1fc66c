using MetricLearning.Tests.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

public sealed class KeyMistakes
{
    private static readonly Dictionary<string, Mistake> Mistakes = new()
    {
        ["an unknown network"] = new(
            s => new TrainerOptions(s.Options) { Models = new(s.Options.Models) { ["encoder"] = nn.Linear(2, 2) } },
            "Models",
            "\"encoder\"",
            "\"trunk\", \"embedder\""
        ),
        ["a name that only begins like a known one"] = new(
            s => new TrainerOptions(s.Options) { Models = new(s.Options.Models) { ["trunk2"] = nn.Linear(2, 2) } },
            "\"trunk2\""
        ),
        ["a name in another case"] = new(
            s => new TrainerOptions(s.Options)
            {
                Models = new() { ["Trunk"] = s.Trunk, Embedder = s.Embedder },
            },
            "\"Trunk\"",
            "Models must contain \"trunk\""
        ),
        ["no trunk"] = new(
            s => new TrainerOptions(s.Options)
            {
                Models = new() { Embedder = s.Embedder },
                Optimizers = new() { Embedder = s.EmbedderOptimizer },
            },
            "Models must contain \"trunk\""
        ),
        ["no networks at all"] = new(
            s => new TrainerOptions(s.Options) { Models = [], Optimizers = [] },
            "Models must contain \"trunk\""
        ),
        ["no loss"] = new(
            s => new TrainerOptions(s.Options) { LossFuncs = [] },
            "LossFuncs must contain \"metric_loss\""
        ),
        ["an unknown loss"] = new(
            s => new TrainerOptions(s.Options)
            {
                LossFuncs = new(s.Options.LossFuncs) { ["other_loss"] = new NTXentLoss() },
            },
            "LossFuncs",
            "\"other_loss\"",
            "\"metric_loss\""
        ),
        ["an optimizer without the suffix"] = new(
            s => new TrainerOptions(s.Options) { Optimizers = new() { ["trunk"] = s.TrunkOptimizer } },
            "Optimizers",
            "\"trunk\"",
            "\"trunk_optimizer\""
        ),
        ["an optimizer of an unknown network"] = new(
            s => new TrainerOptions(s.Options) { Optimizers = new() { ["head_optimizer"] = s.TrunkOptimizer } },
            "\"head_optimizer\"",
            "\"embedder_optimizer\""
        ),
        ["an unknown miner"] = new(
            s => new TrainerOptions(s.Options) { MiningFuncs = new() { ["miner"] = new MultiSimilarityMiner() } },
            "MiningFuncs",
            "\"miner\"",
            "\"tuple_miner\""
        ),
        ["a schedule without a time"] = new(
            s => new TrainerOptions(s.Options)
            {
                LrSchedulers = new() { ["trunk_scheduler"] = optim.lr_scheduler.StepLR(s.TrunkOptimizer, 2) },
            },
            "LrSchedulers",
            "\"trunk_scheduler\"",
            "\"trunk_scheduler_by_iteration\""
        ),
        ["a clipper without the suffix"] = new(
            s => new TrainerOptions(s.Options) { GradientClippers = new() { ["trunk_clipper"] = () => { } } },
            "GradientClippers",
            "\"trunk_clipper\"",
            "\"trunk_grad_clipper\""
        ),
        ["an unknown name to freeze"] = new(
            s => new TrainerOptions(s.Options) { FreezeThese = ["backbone"] },
            "FreezeThese",
            "\"backbone\"",
            "\"trunk\""
        ),
        ["an optimizer's key to freeze"] = new(
            s => new TrainerOptions(s.Options) { FreezeThese = ["trunk_optimizer"] },
            "FreezeThese",
            "\"trunk_optimizer\""
        ),
        ["a weight of an unknown loss"] = new(
            s => new TrainerOptions(s.Options)
            {
                LossWeights = new() { MetricLoss = 1, ["other"] = 2 },
            },
            "LossWeights",
            "\"other\"",
            "\"metric_loss\""
        ),
        ["a loss without a weight"] = new(
            s => new TrainerOptions(s.Options) { LossWeights = [] },
            "LossWeights must contain \"metric_loss\""
        ),
        ["a weight of zero"] = new(
            s => new TrainerOptions(s.Options) { LossWeights = new() { MetricLoss = 0 } },
            "weight above zero",
            "LossWeights"
        ),
        ["a negative weight"] = new(
            s => new TrainerOptions(s.Options) { LossWeights = new() { MetricLoss = -1 } },
            "weight above zero"
        ),
        ["a weight that is NaN"] = new(
            s => new TrainerOptions(s.Options) { LossWeights = new() { MetricLoss = double.NaN } },
            "\"metric_loss\" is NaN",
            "finite"
        ),
        ["an infinite weight"] = new(
            s => new TrainerOptions(s.Options) { LossWeights = new() { MetricLoss = double.PositiveInfinity } },
            "\"metric_loss\"",
            "finite"
        ),
        ["a network that is null"] = new(
            s => new TrainerOptions(s.Options)
            {
                Models = new() { Trunk = s.Trunk, ["embedder"] = null! },
            },
            "Models[\"embedder\"] is null",
            "leave the key out"
        ),
        ["a loss that is null"] = new(
            s => new TrainerOptions(s.Options) { LossFuncs = new() { ["metric_loss"] = null! } },
            "LossFuncs[\"metric_loss\"] is null"
        ),
        ["an optimizer that is null"] = new(
            s => new TrainerOptions(s.Options) { Optimizers = new() { ["trunk_optimizer"] = null! } },
            "Optimizers[\"trunk_optimizer\"] is null"
        ),
        ["a miner that is null"] = new(
            s => new TrainerOptions(s.Options) { MiningFuncs = new() { ["tuple_miner"] = null! } },
            "MiningFuncs[\"tuple_miner\"]",
            "null"
        ),
        ["a schedule that is null"] = new(
            s => new TrainerOptions(s.Options) { LrSchedulers = new() { ["trunk_scheduler_by_epoch"] = null! } },
            "LrSchedulers[\"trunk_scheduler_by_epoch\"] is null"
        ),
        ["a clipper that is null"] = new(
            s => new TrainerOptions(s.Options) { GradientClippers = new() { ["trunk_grad_clipper"] = null! } },
            "GradientClippers[\"trunk_grad_clipper\"] is null"
        ),
        ["a frozen name that is null"] = new(
            s => new TrainerOptions(s.Options) { FreezeThese = [null!] },
            "FreezeThese has a name that is null"
        ),
    };

    public static TheoryData<string> Names => [.. Mistakes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Construction_refuses(string mistake)
    {
        using var scenario = new Scenario();
        var error = Refusing.AtSetup(Mistakes[mistake].Make(scenario), Mistakes[mistake].Words);
        Assert.StartsWith("MetricLossOnly cannot be set up", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_mistakes_come_together()
    {
        using var scenario = new Scenario();

        var error = Refusing.AtSetup(
            new TrainerOptions(scenario.Options)
            {
                Models = new() { ["encoder"] = scenario.Trunk, Embedder = null },
                Optimizers = new() { ["encoder_optimizer"] = null! },
                LossFuncs = [],
                BatchSize = 0,
                MiningFuncs = new() { ["tuple_miner"] = "hard" },
                LossWeights = new() { ["other"] = double.NaN },
                IterationsPerEpoch = -1,
                DataloaderNumWorkers = -2,
                FreezeThese = ["backbone"],
                GradientClippers = new() { ["clip"] = () => { } },
            },
            "\"encoder\"",
            "Models must contain \"trunk\"",
            "Optimizers[\"encoder_optimizer\"] is null",
            "LossFuncs must contain",
            "BatchSize is 0",
            "a miner is a Miner",
            "\"other\" is NaN",
            "IterationsPerEpoch is -1",
            "DataloaderNumWorkers is -2",
            "\"backbone\"",
            "\"clip\""
        );

        Assert.True(error.Mistakes.Count >= 11, $"{error.Mistakes.Count} mistakes");
        Assert.Equal(error.Mistakes.Count, error.Mistakes.Distinct().Count());
        Assert.Contains($"{error.Mistakes.Count} mistakes", error.Message, StringComparison.Ordinal);
        Assert.All(
            error.Mistakes,
            mistake => Assert.Contains($"\n  - {mistake}", error.Message, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void After_a_refusal_the_corrected_options_train()
    {
        using var scenario = new Scenario();
        Refusing.AtSetup(new TrainerOptions(scenario.Options) { BatchSize = 0 }, "BatchSize is 0");
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Train(1);
        Assert.Equal(2, trainer.GlobalIteration);
    }
}
