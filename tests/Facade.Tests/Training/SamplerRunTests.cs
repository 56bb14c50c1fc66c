using MetricLearning.Core;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

/// <summary>Samplers that hierarchies and mined tuples decide, in a trainer.</summary>
public sealed class SamplerRunTests
{
    private static string Train(Scenario scenario, TrainerOptions options)
    {
        using var trainer = new MetricLossOnly(options);
        trainer.Train(1);
        return scenario.Weights();
    }

    private static string Plain()
    {
        using var scenario = new Scenario();
        return Train(scenario, scenario.Options);
    }

    [Fact]
    public void Batches_of_a_HierarchicalSampler_are_batches()
    {
        using var scenario = new Scenario();
        var seen = new List<long>();
        var options = new TrainerOptions(scenario.Options)
        {
            Dataset = TrainingData.FromSamples(
                24,
                (index, _) =>
                {
                    seen.Add(index);
                    return (scenario.Data[index], scenario.Labels[index]);
                }
            ),
            Sampler = new HierarchicalSampler(
                scenario.Labels.Select(label => (label, label % 2)).ToList(),
                batchSize: 12,
                samplesPerClass: 3,
                batchesPerSuperTuple: 2
            ),
        };

        Train(scenario, options);

        Assert.Equal(24, seen.Count);
        Assert.All(
            seen.Chunk(12),
            batch =>
                Assert.All(
                    batch.GroupBy(index => scenario.Labels[(int)index]),
                    ofClass => Assert.Equal(3, ofClass.Count())
                )
        );
    }

    [Fact]
    public void A_sampler_that_looks_at_weights_repeats()
    {
        static string Run()
        {
            using var scenario = new Scenario();
            var model = nn.Sequential(scenario.Trunk, scenario.Embedder);
            var data = scenario.Options.Dataset;
            var sampler = new TuplesToWeightsSampler(model, new BatchHardMiner(), data, subsetSize: 16);
            return Train(scenario, new TrainerOptions(scenario.Options) { Sampler = sampler });
        }

        Assert.Equal(Run(), Run());
        Assert.NotEqual(Plain(), Run());
    }
}
