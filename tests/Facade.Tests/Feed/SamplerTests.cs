using MetricLearning.Core;
using TorchSharp;
using Xunit;

namespace MetricLearning.Tests.Feed;

public sealed class SamplerTests
{
    [Fact]
    public void MPerClass_takes_labels_of_every_kind()
    {
        int[] labels = [3, 1, 3, 1, 2, 2, 3];
        using var tensor = torch.tensor(labels);
        var words = labels.Select(label => ((char)('a' + label)).ToString()).ToArray();
        MPerClassSampler[] samplers =
        [
            new(labels, m: 2, batchSize: 4, lengthBeforeNewIter: 20),
            new(labels.Select(label => (long)label).ToArray(), 2, 4, 20),
            new(tensor, 2, 4, 20),
            new(words, 2, 4, 20),
        ];

        var first = samplers[0].Pass(Seed.Of(1), 0).ToArray();
        Assert.Equal(20, samplers[0].Length);
        Assert.Equal(20, first.Length);
        Assert.All(samplers, sampler => Assert.Equal(first, sampler.Pass(Seed.Of(1), 0)));
        Assert.All(
            first.Chunk(4),
            batch => Assert.All(batch.GroupBy(index => labels[index]), ofClass => Assert.Equal(2, ofClass.Count()))
        );
    }

    [Fact]
    public void FixedSetOfTriplets_takes_labels_of_every_kind()
    {
        int[] labels = [3, 1, 3, 1, 2, 2, 3];
        using var tensor = torch.tensor(labels);
        FixedSetOfTriplets[] samplers =
        [
            new(labels, numTriplets: 5),
            new(labels.Select(label => (long)label).ToArray(), 5),
            new(tensor, 5),
            new(labels.Select(label => ((char)('a' + label)).ToString()).ToArray(), 5),
        ];

        var first = samplers[0].Pass(Seed.Of(1), 0).ToArray();
        Assert.Equal(15, samplers[0].Length);
        Assert.All(samplers, sampler => Assert.Equal(first, sampler.Pass(Seed.Of(1), 0)));
        Assert.All(
            first.Chunk(3),
            triplet =>
            {
                Assert.Equal(labels[triplet[0]], labels[triplet[1]]);
                Assert.NotEqual(labels[triplet[0]], labels[triplet[2]]);
            }
        );
    }

    [Fact]
    public void HierarchicalSampler_takes_labels_of_several_levels()
    {
        long[,] matrix =
        {
            { 0, 5 },
            { 0, 5 },
            { 1, 5 },
            { 1, 5 },
            { 2, 6 },
            { 2, 6 },
            { 3, 6 },
            { 3, 6 },
        };
        using var tensor = torch.tensor(matrix);
        var rows = Enumerable.Range(0, 8).Select(row => (matrix[row, 0], matrix[row, 1])).ToList();
        HierarchicalSampler[] samplers =
        [
            new(matrix, batchSize: 4, samplesPerClass: 2, batchesPerSuperTuple: 3),
            new(tensor, 4, 2, 3),
            new(rows, 4, 2, 3),
        ];

        var first = samplers[0].Pass(Seed.Of(1), 0).ToArray();
        Assert.Equal(3, samplers[0].Length);
        Assert.All(samplers, sampler => Assert.Equal(first, sampler.Pass(Seed.Of(1), 0)));
        Assert.All(first, batch => Assert.Equal(2, batch.Count(index => matrix[index, 1] == 5)));
        Assert.Equal(12, new HierarchicalSampler(matrix, 4, null, 2, innerLabel: 1, outerLabel: 0).Length);
        var error = Assert.Throws<ArgumentException>(() => new HierarchicalSampler(matrix, 4, 2, outerLabel: 2));
        Assert.Contains("outerLabel is 2, but the labels have 2 level(s)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MPerClass_has_the_documented_defaults()
    {
        var sampler = new MPerClassSampler([0, 1, 2, 0, 1, 2], m: 2);

        Assert.Equal(99_996, sampler.Length);
        Assert.Equal(99_996, sampler.Pass(Seed.Of(1), 0).Count());
    }
}
