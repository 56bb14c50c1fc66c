using MetricLearning.Tests.Logging;
using MetricLearning.Tests.Training;
using Xunit;

namespace PictureShop;

/// <summary>The page about records.</summary>
public sealed class Records
{
    [Fact]
    public void A_run_is_recorded_and_evaluated()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        var (folder, tensorboard, models) = (place.At("records"), place.At("tensorboard"), place.At("models"));
        var options = scenario.Options;
        var validation = TrainingData.FromTensors(scenario.Data, scenario.Labels);

        using var keeper = LoggingPresets.GetRecordKeeper(csvFolder: folder, tensorboardFolder: tensorboard);
        var hooks = LoggingPresets.GetHookContainer(keeper, primaryMetric: "precision_at_1", logFreq: 50);
        var tester = new GlobalEmbeddingSpaceTester();

        using var trainer = new MetricLossOnly(
            new TrainerOptions(options)
            {
                EndOfIterationHook = hooks.EndOfIterationHook,
                EndOfEpochHook = hooks.EndOfEpochHook(tester, new() { ["val"] = validation }, models, patience: 3),
            }
        );

        trainer.Train(numEpochs: 20);

        var losses = hooks.GetLossHistory("total_loss")["total_loss"];
        var best = hooks.GetBestEpochAndAccuracy(tester, "val");

        keeper.Append("temperature", trainer.GlobalIteration, new Dictionary<string, double> { ["room"] = 21.5 });

        Assert.Equal(trainer.Epoch, losses.Count);
        Assert.Contains($"trunk_best{best!.Value.Epoch}.safetensors", place.Files("models"));
        Assert.Equal([21.5], keeper.History("temperature", "room")["room"]);
    }

    [Fact]
    public void A_run_is_shown_on_a_page()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(place.Path);
        var hooks = LoggingPresets.GetHookContainer(keeper, logFreq: 1);
        var validation = TrainingData.FromTensors(scenario.Data, scenario.Labels);
        var tester = new GlobalEmbeddingSpaceTester();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options) { EndOfIterationHook = hooks.EndOfIterationHook }
        );
        trainer.Train(2);
        var folder = place.At("page");

        using var embeddings = tester.GetAllEmbeddings(validation, trainer.Models.Trunk!, trainer.Models.Embedder);

        var report = new RunReport(keeper) { Title = "Products, 2026-11" };
        report.AddEmbeddings("validation", embeddings);
        report.Save(Path.Combine(folder, "run.html"));

        Assert.Contains("total_loss", File.ReadAllText(Path.Combine(folder, "run.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_decides_which_epoch_is_best()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(place.Path);
        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions
            {
                LossFuncs = new Dictionary<string, Loss> { ["validation_loss"] = new ContrastiveLoss() },
            }
        );
        var hooks = LoggingPresets.GetHookContainer(keeper, primaryMetric: "validation_loss");
        var splits = new Dictionary<string, TrainingData>
        {
            ["val"] = TrainingData.FromTensors(scenario.Data, scenario.Labels),
        };
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfEpochHook = hooks.EndOfEpochHook(tester, splits, place.At("models")),
            }
        );

        trainer.Train(2);

        var losses = hooks.GetAccuracyHistory(tester, "val")["validation_loss"];
        Assert.Equal(losses.Min(), hooks.GetBestEpochAndAccuracy(tester, "val")!.Value.Accuracy);
    }

    [Fact]
    public void A_hook_of_ones_own_calls_others()
    {
        using var scenario = new Scenario();
        using var keeper = new RecordKeeper([]);
        var hooks = LoggingPresets.GetHookContainer(keeper);
        var watched = new List<double>();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfIterationHook = it =>
                {
                    hooks.EndOfIterationHook(it);
                    watched.Add(it.Losses["total_loss"]);
                },
            }
        );

        trainer.Train(1);

        Assert.Equal(watched[0], hooks.GetLossHistory("total_loss")["total_loss"][0]);
    }
}
