using MetricLearning.Tests.Logging;
using MetricLearning.Tests.Training;
using Xunit;

namespace PictureShop;

/// <summary>The page how it works.</summary>
public sealed class HowItWorks
{
    [Fact]
    public void A_state_is_a_value()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        var path = place.At("taken.safetensors");
        using var trainer = new MetricLossOnly(scenario.Options);

        trainer.Train(numEpochs: 2);
        using var taken = trainer.State; // yours: later training never modifies it

        trainer.Train(numEpochs: 4);
        trainer.State = taken; // back, networks included
        trainer.SaveCheckpoint(path); // the same moment, for another process

        var weights = scenario.Weights();
        trainer.Train(numEpochs: 4);
        Assert.NotEqual(weights, scenario.Weights());
        trainer.Resume(path);
        Assert.Equal(weights, scenario.Weights());
    }
}
