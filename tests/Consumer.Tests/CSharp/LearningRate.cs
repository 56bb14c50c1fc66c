using MetricLearning.Tests.Logging;
using MetricLearning.Tests.Training;
using Xunit;

namespace PictureShop;

/// <summary>The page about finding a learning rate.</summary>
public sealed class LearningRate
{
    [Fact]
    public void A_rate_is_found()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        var before = (Environment.CurrentDirectory, Weights: scenario.Weights());
        Environment.CurrentDirectory = place.Path;

        try
        {
            var curve = trainer.FindLearningRate();

            Console.WriteLine(curve);
            curve.Save("learning-rate.svg");

            var rate = curve.Suggestion ?? 1e-3;

            Assert.InRange(rate, 1e-7, 10);
            Assert.Contains("learning-rate.svg", place.Files(""));
        }
        finally
        {
            Environment.CurrentDirectory = before.CurrentDirectory;
        }

        Assert.Equal(before.Weights, scenario.Weights());
    }

    [Fact]
    public void Rates_of_one_network_are_searched()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);

        var curve = trainer.FindLearningRate(
            new LearningRateSearch
            {
                Lowest = 1e-5,
                Highest = 1,
                Iterations = 200,
                Optimizers = ["trunk_optimizer"],
            }
        );

        Assert.Equal(["trunk_optimizer"], curve.Optimizers);
    }
}
