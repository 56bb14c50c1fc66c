using MetricLearning.Tests.Logging;
using MetricLearning.Tests.Training;
using Xunit;

namespace PictureShop;

/// <summary>The page about averages of weights.</summary>
public sealed class Averages
{
    [Fact]
    public void Epochs_are_judged_by_averages()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(place.At("records"));
        var hooks = LoggingPresets.GetHookContainer(keeper, primaryMetric: "precision_at_1");
        var tester = new GlobalEmbeddingSpaceTester();
        var (options, models, path) = (scenario.Options, place.At("models"), place.At("model"));
        var (trunk, embedder) = (scenario.Trunk, scenario.Embedder);
        var splits = new Dictionary<string, TrainingData>
        {
            ["val"] = TrainingData.FromTensors(scenario.Data, scenario.Labels),
        };

        using var trainer = new MetricLossOnly(
            new TrainerOptions(options)
            {
                WeightAveraging = WeightAveraging.Exponential(decay: 0.999),
                EndOfEpochHook = hooks.EndOfEpochHook(tester, splits, models, averaged: true),
            }
        );

        trainer.Train(numEpochs: 10);
        var live = scenario.Weights();

        var accuracies = trainer.WhileAveraged(() => tester.Test(splits, trainer.Epoch, trunk, embedder));

        trainer.WhileAveraged(() =>
        {
            using var model = new InferenceModel(trunk, embedder);
            model.Save(path);
        });

        Assert.Equal(live, scenario.Weights());
        Assert.Contains("precision_at_1_level0", accuracies["val"].Keys);
        var averages = trainer.WhileAveraged(scenario.Weights);

        using (var averaged = trainer.AveragedState)
        {
            trainer.State = averaged;
        }

        trainer.Dispose();

        Assert.Equal(averages, scenario.Weights());
        using var saved = new InferenceModel(trunk, embedder);
        saved.Load(path);
        Assert.Equal(averages, scenario.Weights());
    }

    [Fact]
    public void Statistics_follow_at_the_rate_of_0()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options) { WeightAveraging = WeightAveraging.Equal(fromEpoch: 2) }
        );
        trainer.Train(4);
        string Parameters() =>
            string.Concat(
                scenario
                    .Trunk.parameters()
                    .Concat(scenario.Embedder.parameters())
                    .Select(parameter => Convert.ToHexString(parameter.detach().contiguous().bytes))
            );
        var averages = trainer.WhileAveraged(Parameters);
        var before = trainer.WhileAveraged(scenario.Weights);

        using var averaged = trainer.AveragedState;
        using var trunkStill = averaged.WithLearningRate("trunk_optimizer", 0);
        using var allStill = trunkStill.WithLearningRate("embedder_optimizer", 0);

        trainer.State = allStill;
        trainer.Train(numEpochs: trainer.Epoch + 1);

        Assert.Equal(5, trainer.Epoch);
        Assert.Equal(averages, Parameters());
        Assert.NotEqual(before, scenario.Weights());
    }

    [Fact]
    public void Rules_are_values()
    {
        var smooth = WeightAveraging.Exponential(decay: 0.999);
        var mean = WeightAveraging.Equal(fromEpoch: 16);

        Assert.Equal("Exponential(0.999, warmUp: True)", smooth.ToString());
        Assert.Equal("Equal(16, everyEpochs: 1)", mean.ToString());
    }
}
