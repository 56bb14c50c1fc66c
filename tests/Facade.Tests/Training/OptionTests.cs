using MetricLearning.Core;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

/// <summary>The documented arguments, each by what it does.</summary>
public sealed class OptionTests
{
    private static string Train(Scenario scenario, TrainerOptions options, int epochs = 2)
    {
        using var trainer = new MetricLossOnly(options);
        trainer.Train(epochs);
        return scenario.Weights();
    }

    [Fact]
    public void What_is_frozen_does_not_move()
    {
        using var scenario = new Scenario();
        var trunk = scenario
            .Trunk.state_dict()
            .Select(entry => entry.Value.sum().to(ScalarType.Float64).item<double>())
            .ToArray();
        var embedder = scenario.Embedder.parameters().First().data<float>().ToArray();

        Train(scenario, new TrainerOptions(scenario.Options) { FreezeThese = ["trunk"] });

        Assert.Equal(
            trunk,
            scenario.Trunk.state_dict().Select(entry => entry.Value.sum().to(ScalarType.Float64).item<double>())
        );
        Assert.NotEqual(embedder, scenario.Embedder.parameters().First().data<float>().ToArray());
    }

    [Fact]
    public void Batch_norm_statistics_can_stay_as_they_are()
    {
        using var scenario = new Scenario();
        var norm = scenario.Trunk.modules().OfType<TorchSharp.Modules.BatchNorm1d>().Single();
        var mean = norm.running_mean!.data<float>().ToArray();
        var weight = norm.weight!.data<float>().ToArray();

        Train(scenario, new TrainerOptions(scenario.Options) { FreezeTrunkBatchnorm = true });

        Assert.Equal(mean, norm.running_mean!.data<float>().ToArray());
        Assert.NotEqual(weight, norm.weight!.data<float>().ToArray());
    }

    [Fact]
    public void A_subset_miner_chooses_samples_in_evaluation_mode()
    {
        using var scenario = new Scenario();
        var modes = new List<bool>();
        var sizes = new List<long>();
        using var trainer = new CustomTrainer(
            new TrainerOptions(scenario.Options)
            {
                MiningFuncs = new()
                {
                    SubsetBatchMiner = (embeddings, labels) =>
                    {
                        modes.Add(scenario.Trunk.training || embeddings.requires_grad);
                        return arange(5);
                    },
                },
            },
            context =>
            {
                modes.Add(!scenario.Trunk.training);
                sizes.Add(context.Labels.shape[0]);
                return [new("metric_loss", context.Loss("metric_loss", context.Embeddings()))];
            }
        );

        trainer.Train(1);

        Assert.All(modes, Assert.False);
        Assert.Equal([5, 5, 5], sizes);
    }

    [Fact]
    public void The_seed_is_torchs_where_none_is_given()
    {
        var runs = new[] { 1, 1, 2 }
            .Select(seed =>
            {
                using var scenario = new Scenario();
                manual_seed(seed);
                return Train(scenario, new TrainerOptions(scenario.Options) { Seed = null });
            })
            .ToArray();

        Assert.Equal(runs[0], runs[1]);
        Assert.NotEqual(runs[0], runs[2]);
    }

    [Fact]
    public void Dictionaries_have_the_documented_keys_and_properties_for_them()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);

        Assert.Equal(["trunk", "embedder"], trainer.Models.Keys);
        Assert.Equal(["trunk_optimizer", "embedder_optimizer"], trainer.Optimizers.Keys);
        Assert.Equal(["metric_loss"], trainer.LossFuncs.Keys);
        Assert.Same(scenario.Trunk, trainer.Models.Trunk);
        Assert.Empty(trainer.MiningFuncs);
        Assert.Empty(trainer.LrSchedulers);
        Assert.Empty(trainer.GradientClippers);
        var models = new Models(trainer.Models) { Embedder = null };
        Assert.Equal(["trunk"], models.Keys);
        Assert.Equal(1, new LossWeights { MetricLoss = 1 }["metric_loss"]);
    }

    [Fact]
    public void Later_changes_of_the_dictionaries_do_not_reach_the_run()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        scenario.Options.Optimizers.Clear();
        scenario.Options.LossFuncs.Clear();
        trainer.Train(2);
        Assert.Equal(Scenario.After(2), scenario.Weights());
    }

    [Fact]
    public void A_copy_has_every_option()
    {
        using var scenario = new Scenario();
        var options = new TrainerOptions(scenario.Options)
        {
            MiningFuncs = new() { TupleMiner = new MultiSimilarityMiner() },
            IterationsPerEpoch = 3,
            MicroBatchSize = 4,
            DataDevice = CPU,
            Dtype = ScalarType.Float32,
            Precision = Precision.BFloat16,
            LossWeights = new() { MetricLoss = 2 },
            Sampler = new long[] { 1 },
            CollateFn = samples => samples,
            LrSchedulers = new() { TrunkByEpoch = Schedule.Step(1) },
            GradientClippers = new() { Trunk = () => { } },
            FreezeThese = ["trunk"],
            FreezeTrunkBatchnorm = true,
            LabelHierarchyLevel = 1,
            DataloaderNumWorkers = 1,
            DataAndLabelGetter = batch => (batch, batch),
            DatasetLabels = scenario.Labels,
            SetMinLabelToZero = true,
            Processes = Processes.Alone,
            Seed = 5,
            Deterministic = false,
            WeightAveraging = WeightAveraging.Exponential(),
            Checkpoints = new() { Folder = "folder" },
            EndOfIterationHook = _ => { },
            EndOfEpochHook = _ => null,
            Logger = NullLogger.Instance,
        };
        var copy = new TrainerOptions(options);
        var plain = new TrainerOptions();

        foreach (var option in typeof(TrainerOptions).GetProperties())
        {
            Assert.NotEqual(option.GetValue(plain), option.GetValue(options));
            Assert.Equal(option.GetValue(options), option.GetValue(copy));
        }
    }
}
