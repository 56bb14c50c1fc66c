using MetricLearning.Tests.BadInput;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Trainers;

/// <summary>CascadedEmbeddings where it differs from the reference: see docs/differences.md.</summary>
public sealed class CascadedTests
{
    private const string Name = nameof(CascadedEmbeddings);

    // CascadedEmbeddings/subset_miner_rejected_although_documented
    [Fact]
    public void A_subset_miner_chooses_the_samples_of_every_section()
    {
        using var problem = new AnyTrainer(Name);
        var widths = new List<long>();
        var rows = new List<long>();

        Training.Made.TupleMiner Seeing() =>
            new(input =>
            {
                rows.Add(input.Embeddings.size(0));
                return Tuples.All;
            });

        using var trainer = problem.Create(
            new TrainerOptions(problem.Options)
            {
                MiningFuncs = new()
                {
                    SubsetBatchMiner = (embeddings, _) =>
                    {
                        widths.Add(embeddings.size(1));
                        return arange(5);
                    },
                    ["tuple_miner_0"] = Seeing(),
                    ["tuple_miner_1"] = Seeing(),
                },
            }
        );

        trainer.Train(1);

        Assert.Equal([4, 4, 4], widths);
        Assert.Equal([5, 5, 5, 5, 5, 5], rows);
    }

    // CascadedEmbeddings/freeze_classifier_0_impossible, …/freeze_metric_loss_0_impossible
    [Theory]
    [InlineData("classifier_1")]
    [InlineData("metric_loss_1")]
    public void Numbered_networks_and_losses_can_be_frozen(string frozen)
    {
        using var problem = new AnyTrainer(Name);
        var other = frozen == "classifier_1" ? "metric_loss_1" : "classifier_1";
        var before = (problem.WeightsOf(frozen), problem.WeightsOf(other));
        using var trainer = problem.Create(new TrainerOptions(problem.Options) { FreezeThese = [frozen] });

        trainer.Train(2);

        Assert.Equal(before.Item1, problem.WeightsOf(frozen));
        Assert.NotEqual(before.Item2, problem.WeightsOf(other));
    }

    [Fact]
    public void Numbered_networks_and_losses_can_be_weighted_scheduled_and_clipped()
    {
        using var problem = new AnyTrainer(Name);
        var clipped = 0;
        using var trainer = problem.Create(
            new TrainerOptions(problem.Options)
            {
                LossWeights = new()
                {
                    ["metric_loss_0"] = 0.5,
                    ["metric_loss_1"] = 2,
                    ["classifier_loss_1"] = 0,
                },
                LrSchedulers = new()
                {
                    ["classifier_1_scheduler_by_iteration"] = Schedule.Exponential(0.5),
                    ["metric_loss_1_scheduler_by_epoch"] = Schedule.Step(1, 0.1),
                },
                GradientClippers = new() { ["metric_loss_1_grad_clipper"] = () => clipped++ },
            }
        );
        var classifier = problem.WeightsOf("classifier_1");

        trainer.Train(1);

        Assert.Equal(0, trainer.Losses["classifier_loss_1"]);
        Assert.Equal(classifier, problem.WeightsOf("classifier_1"));
        Assert.True(trainer.Losses["metric_loss_1"] > 0);
        Assert.Equal(0.02 / 8, trainer.LearningRates["classifier_1_optimizer"].Single(), 1e-12);
        Assert.Equal(0.002, trainer.LearningRates["metric_loss_1_optimizer"].Single(), 1e-12);
        Assert.Equal(3, clipped);
    }

    [Fact]
    public void A_weight_multiplies_its_own_section_alone()
    {
        IReadOnlyDictionary<string, double> Losses(double weight)
        {
            using var problem = new AnyTrainer(Name);
            using var trainer = problem.Create(
                new TrainerOptions(problem.Options)
                {
                    LossWeights = new()
                    {
                        ["metric_loss_0"] = 1,
                        ["metric_loss_1"] = weight,
                        ["classifier_loss_1"] = 1,
                    },
                }
            );
            trainer.Step();
            return trainer.Losses;
        }

        var (one, three) = (Losses(1), Losses(3));
        Assert.Equal(one["metric_loss_0"], three["metric_loss_0"]);
        Assert.Equal(one["classifier_loss_1"], three["classifier_loss_1"]);
        Rounded.Equal(3 * one["metric_loss_1"], three["metric_loss_1"], Rounded.Single);
    }

    // CascadedEmbeddings/embedding_sizes_too_large
    [Fact]
    public void Sizes_that_are_too_large_are_an_error_at_the_first_batch()
    {
        using var problem = new AnyTrainer(Name);

        Refusing.AtStep<InvalidOperationException>(
            problem.Options,
            options => new CascadedEmbeddings([2, 3], options),
            "2 + 3 = 5",
            "embeddings have 4 numbers"
        );
    }

    // CascadedEmbeddings/missing_loss_for_second_size
    [Fact]
    public void A_section_without_a_loss_is_an_error_at_construction()
    {
        using var problem = new AnyTrainer(Name);
        var options = new TrainerOptions(problem.Options)
        {
            Models = new() { Trunk = problem.Options.Models.Trunk },
            Optimizers = [],
            LossFuncs = new() { ["metric_loss_0"] = problem.Options.LossFuncs["metric_loss_0"] },
        };

        Refusing.AtSetup(
            options,
            given => new CascadedEmbeddings([2, 2], given),
            "LossFuncs must contain \"metric_loss_1\""
        );
    }
}
