using MetricLearning.Tests.Logging;
using MetricLearning.Tests.Trainers;
using Xunit;

namespace MetricLearning.Tests.Training;

/// <summary>Finding a learning rate by a fork.</summary>
public sealed class LearningRateTests
{
    private static readonly LearningRateSearch Brief = new()
    {
        Lowest = 1e-4,
        Highest = 1,
        Iterations = 12,
    };

    public static TheoryData<string> Names => AnyTrainer.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void A_search_changes_nothing_of_a_trainer(string name)
    {
        static string Trained(string name, bool searches)
        {
            using var problem = new AnyTrainer(name);
            using var trainer = problem.Create(
                new TrainerOptions(problem.Options)
                {
                    EndOfEpochHook = it =>
                    {
                        if (searches)
                        {
                            var before = problem.Weights();
                            var curve = it.FindLearningRate(Brief);
                            Assert.InRange(curve.Points.Count, 1, 12);
                            Assert.Equal(before, problem.Weights());
                        }

                        return true;
                    },
                }
            );

            if (searches)
            {
                trainer.FindLearningRate(Brief);
            }

            trainer.Train(4);
            return problem.Weights();
        }

        Assert.Equal(Trained(name, searches: false), Trained(name, searches: true));
    }

    [Fact]
    public void The_picture_is_written()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);

        trainer.FindLearningRate(Brief).Save(folder.At("rates.svg"));

        Assert.StartsWith("<svg", File.ReadAllText(folder.At("rates.svg")), StringComparison.Ordinal);
    }
}
