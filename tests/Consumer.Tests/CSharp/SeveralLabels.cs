using MetricLearning.Tests.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace PictureShop;

/// <summary>The page about several classes a sample, and re-identification.</summary>
public sealed class SeveralLabels
{
    [Fact]
    public void Losses_miners_and_testers_compare_rows()
    {
        using var scenario = new Scenario();
        var options = scenario.Options;
        var (trunk, embedder) = (scenario.Trunk, scenario.Embedder);
        var pictures = scenario.Data;
        var tags = nn.functional.one_hot(tensor(scenario.Labels), scenario.Labels.Max() + 1);

        using var trainer = new MetricLossOnly(
            new TrainerOptions(options)
            {
                Dataset = TrainingData.FromTensors(pictures, tags), // tags: (N × classes) of 0 and 1
                LossFuncs = new()
                {
                    MetricLoss = new ContrastiveLoss { LabelComparison = LabelComparison.AnyInCommon },
                },
                MiningFuncs = new()
                {
                    TupleMiner = new MultiSimilarityMiner { LabelComparison = LabelComparison.AnyInCommon },
                },
            }
        );

        trainer.Train(1);

        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions
            {
                AccuracyCalculator = new AccuracyCalculator(
                    exclude: ["NMI", "AMI"],
                    labelComparison: LabelComparison.AnyInCommon
                ),
            }
        );

        var rows = tester.Test(
            new Dictionary<string, TrainingData> { ["val"] = TrainingData.FromTensors(pictures, tags) },
            1,
            trunk,
            embedder
        );
        var plain = new GlobalEmbeddingSpaceTester().Test(
            new Dictionary<string, TrainingData> { ["val"] = TrainingData.FromTensors(pictures, scenario.Labels) },
            1,
            trunk,
            embedder
        );

        foreach (var (name, accuracy) in rows["val"])
        {
            Assert.Equal(plain["val"][name].Value, accuracy.Value);
        }
    }

    [Fact]
    public void Functions_of_ones_own_compare_levels()
    {
        using var scope = NewDisposeScope();

        var byLevels = LabelComparison.Own(
            matches: (x, y) => x.select(-1, 0).eq(y.select(-1, 0)),
            differs: (x, y) => x.select(-1, 1).ne(y.select(-1, 1)),
            readsRows: true
        );

        // Fine classes 0, 0, 1 in coarse class 0, and 2 in 1.
        var labels = tensor(
            new long[,]
            {
                { 0, 0 },
                { 0, 0 },
                { 1, 0 },
                { 2, 1 },
            }
        );
        using var loss = new ContrastiveLoss { LabelComparison = byLevels };
        var pairs = new HDCMiner(filterPercentage: 1) { LabelComparison = byLevels };
        var tuples = (Tuples.Pairs)pairs.Mine(eye(4), labels);

        Assert.Equal(2, tuples.a1.size(0));
        Assert.Equal(6, tuples.a2.size(0));
        Assert.True(loss.Compute(eye(4), labels).item<float>() > 0);
    }

    [Fact]
    public void References_of_a_querys_camera_are_left_out()
    {
        using var scenario = new Scenario();
        var (trunk, embedder) = (scenario.Trunk, scenario.Embedder);
        var persons = tensor(scenario.Labels);
        var cameras = arange(persons.size(0), dtype: int64).remainder(2);
        var gallery = TrainingData.FromTensors(scenario.Data, stack([persons, cameras], 1));
        var query = TrainingData.FromTensors(scenario.Data, stack([persons, cameras], 1));

        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions
            {
                CameraLevel = 1, // labels: a row for each picture, (person, camera)
                AccuracyCalculator = new AccuracyCalculator(
                    include: ["recall_at_1", "recall_at_5", "recall_at_10", "mean_average_precision"]
                ),
            }
        );

        var results = tester.Test(
            new Dictionary<string, TrainingData> { ["query"] = query, ["gallery"] = gallery },
            epoch: 1,
            trunk,
            embedder,
            splitsToEval: [("query", ["gallery"])]
        );

        Console.WriteLine(results["query"]["recall_at_1_level0"].Value);

        Assert.Equal(4, results["query"].Count);
    }
}
