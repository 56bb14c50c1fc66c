using MetricLearning.Tests.Logging;
using MetricLearning.Tests.Training;
using Xunit;

namespace PictureShop;

/// <summary>The page about checkpoints.</summary>
public sealed class Checkpoints
{
    private static void SavesItself(TrainerOptions options, string folder)
    {
        using var trainer = new MetricLossOnly(
            new TrainerOptions(options)
            {
                Checkpoints = new() { Folder = folder, EveryIterations = 100 },
            }
        );

        trainer.ResumeLatest();
        trainer.Train(numEpochs: 10);
    }

    [Fact]
    public void A_run_saves_itself()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        SavesItself(scenario.Options, place.Path);
        var trained = scenario.Weights();
        using var other = new Scenario();
        SavesItself(other.Options, place.Path);

        Assert.Equal(trained, other.Weights());
        Assert.Equal(["checkpoint-00000030.safetensors"], place.Files(""));
    }

    [Fact]
    public void A_run_is_saved_by_hand()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        var path = place.At("run.safetensors");
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Step();
        var saved = scenario.Weights();

        trainer.SaveCheckpoint(path);
        trainer.Train(numEpochs: 2);

        trainer.Resume(path);
        Assert.Equal(saved, scenario.Weights());
    }
}
