using MetricLearning.Tests.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Trainers;

/// <summary>DeepAdversarialMetricLearning where it differs from the reference: see docs/differences.md.</summary>
public sealed class AdversarialTests
{
    private const string Name = nameof(DeepAdversarialMetricLearning);

    /// <summary>Which of these move in each of the first three epochs: metric alone, generator alone, both.</summary>
    private static string[] MovesByEpoch(AnyTrainer problem, TrainerOptions options, params string[] keys)
    {
        using var trainer = problem.Create(options);
        var moves = new List<string>();

        for (var epoch = 1; epoch <= 3; epoch++)
        {
            var before = keys.ToDictionary(key => key, problem.WeightsOf);
            trainer.Train(epoch, startEpoch: epoch);
            moves.Add(string.Join(" ", keys.Where(key => before[key] != problem.WeightsOf(key))));
        }

        return [.. moves];
    }

    // DeepAdversarialMetricLearning/freeze_trunk_ignored_quirk_loss_optimizer_ignored
    [Fact]
    public void What_is_frozen_stays_frozen_in_every_phase()
    {
        using var problem = new AnyTrainer(Name);
        var modes = new List<(bool, bool)>();
        var trunk = problem.Options.Models["trunk"];
        var moves = MovesByEpoch(
            problem,
            new TrainerOptions(problem.Options)
            {
                FreezeThese = ["trunk", "metric_loss"],
                EndOfIterationHook = _ => modes.Add((trunk.training, trunk.parameters().Any(p => p.requires_grad))),
            },
            "trunk",
            "embedder",
            "classifier",
            "generator",
            "metric_loss"
        );

        Assert.Equal(["embedder classifier", "generator", "embedder classifier generator"], moves);
        Assert.Equal(9, modes.Count);
        Assert.All(modes, mode => Assert.Equal((false, false), mode));
    }

    // The same, its second half.
    [Fact]
    public void Optimizers_of_losses_are_stepped_with_the_phases_in_which_they_count()
    {
        using var problem = new AnyTrainer(Name);
        var synthLoss = new ArcFaceLoss(numClasses: 4, embeddingSize: 4);
        problem.Options.LossFuncs.SynthLoss = synthLoss;
        var moves = MovesByEpoch(
            problem,
            new TrainerOptions(problem.Options)
            {
                Optimizers = new(problem.Options.Optimizers)
                {
                    ["synth_loss_optimizer"] = optim.SGD(synthLoss.parameters(), 0.1),
                },
            },
            "trunk",
            "generator",
            "metric_loss",
            "synth_loss"
        );

        Assert.Equal(["trunk metric_loss", "generator", "trunk generator metric_loss synth_loss"], moves);
    }

    // DeepAdversarialMetricLearning/subset_miner_frozen_trunk_bn, …/subset_miner_trunk_bn_not_frozen
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_subset_miner_leaves_the_modes_that_the_phase_asks_for(bool freezeTrunkBatchnorm)
    {
        using var problem = new AnyTrainer(Name);
        var trunk = problem.Options.Models["trunk"];
        var norm = trunk.modules().OfType<TorchSharp.Modules.BatchNorm1d>().Single();
        var modes = new List<string>();

        string Modes() =>
            string.Join(" ", problem.Options.Models.Where(entry => entry.Value.training).Select(entry => entry.Key));

        var chosen = 0;
        using var trainer = problem.Create(
            new TrainerOptions(problem.Options)
            {
                FreezeTrunkBatchnorm = freezeTrunkBatchnorm,
                MiningFuncs = new()
                {
                    SubsetBatchMiner = (_, _) =>
                    {
                        chosen++;
                        Assert.Equal("", Modes());
                        return arange(6);
                    },
                },
                EndOfIterationHook = _ => modes.Add($"{Modes()}{(norm.training ? ", statistics" : "")}"),
            }
        );
        var statistics = new List<float[]>();

        for (var epoch = 1; epoch <= 3; epoch++)
        {
            trainer.Train(epoch, startEpoch: epoch);
            statistics.Add(norm.running_mean!.data<float>().ToArray());
        }

        var ofNorm = freezeTrunkBatchnorm ? "" : ", statistics";
        Assert.Equal(9, chosen);
        Assert.All(modes[..3], mode => Assert.Equal($"trunk embedder classifier{ofNorm}", mode));
        Assert.All(modes[3..6], mode => Assert.Equal("embedder generator", mode));
        Assert.All(modes[6..], mode => Assert.Equal($"trunk embedder classifier generator{ofNorm}", mode));
        Assert.Equal(statistics[0], statistics[1]);
        Assert.Equal(freezeTrunkBatchnorm, statistics[1].SequenceEqual(statistics[2]));
    }

    // DeepAdversarialMetricLearning/float64_models_under_default_float32
    [Fact]
    public void Networks_of_double_precision_train_in_every_phase()
    {
        using var problem = new AnyTrainer(Name, ScalarType.Float64);
        var moves = MovesByEpoch(problem, problem.Options, "trunk", "generator");

        Assert.Equal(["trunk", "generator", "trunk generator"], moves);
        Assert.All(
            problem.Options.Models.Values.SelectMany(network => network.parameters()),
            parameter => Assert.Equal(ScalarType.Float64, parameter.dtype)
        );
    }

    // DeepAdversarialMetricLearning/batch_without_triplets
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_batch_without_triplets_has_synthetic_losses_of_zero_and_training_goes_on(int classes)
    {
        using var problem = new AnyTrainer(Name);
        // Of one class there is no negative; of four samples in four classes no positive.
        var barren = Enumerable.Range(0, 24).Where(index => index % 4 < classes).Take(4).Select(i => (long)i);
        var losses = new List<Dictionary<string, double>>();
        using var trainer = problem.Create(
            new TrainerOptions(problem.Options)
            {
                Sampler = AnySampler.Batches([
                    [.. barren],
                    [.. Enumerable.Range(0, 12).Select(i => (long)i)],
                ]),
                EndOfIterationHook = t => losses.Add(new(t.Losses)),
            }
        );

        trainer.Train(3);

        Assert.Equal(6, losses.Count);
        string[] synthetic = ["g_adv_loss", "g_hard_loss", "g_reg_loss", "synth_loss"];
        Assert.All(synthetic, name => Assert.Equal(0, losses[2][name]));
        Assert.All(synthetic, name => Assert.Equal(0, losses[4][name]));
        Assert.Equal(0, losses[2]["total_loss"]);
        Assert.True(losses[3]["g_hard_loss"] > 0);
        Assert.True(losses[4]["metric_loss"] > 0);
        Assert.True(losses[5]["synth_loss"] > 0);
    }
}
