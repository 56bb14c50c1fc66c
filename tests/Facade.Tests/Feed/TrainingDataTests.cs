using MetricLearning.Core;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Feed;

public sealed class TrainingDataTests
{
    private enum Animal
    {
        Cat = 5,
        Dog = 2,
    }

    private static (float[] Data, long[] Labels) Fetch(TrainingData data)
    {
        using var source = BatchSourceModule.ofDataset(Reading.Default, data);
        using var batch = source.Fetch([3, 1], Seed.Of(1), CancellationToken.None);
        return (batch.Data[0].data<float>().ToArray(), batch.Labels.data<long>().ToArray());
    }

    [Fact]
    public void Tensors_take_labels_of_every_form()
    {
        using var data = arange(8, dtype: ScalarType.Float32).reshape(4, 2);
        using var labels = tensor([10L, 11L, 12L, 13L]);
        TrainingData[] all =
        [
            TrainingData.FromTensors(data, labels),
            TrainingData.FromTensors(data, [10, 11, 12, 13]),
            TrainingData.FromTensors(data, new[] { 10, 11, 12, 13 }),
            TrainingData.FromTensors(data, new List<long> { 10, 11, 12, 13 }),
            TrainingData.FromTensors(
                data,
                new[,]
                {
                    { 10, 0 },
                    { 11, 0 },
                    { 12, 0 },
                    { 13, 0 },
                }
            ),
            TrainingData.FromTensors([data], (object)labels),
        ];

        foreach (var each in all)
        {
            var (rows, classes) = Fetch(each);
            Assert.Equal([6f, 7f, 2f, 3f], rows);
            Assert.Equal([13, 11], classes);
        }

        Assert.Equal([1, 0], Fetch(TrainingData.FromTensors(data, ["a", "b", "a", "c"])).Labels.Select(x => x - 1));
        Animal[] animals = [Animal.Cat, Animal.Dog, Animal.Cat, Animal.Cat];
        Assert.Equal([5, 2], Fetch(TrainingData.FromTensors(data, (object)animals)).Labels);
    }
}
