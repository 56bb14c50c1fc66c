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

    private sealed class Pictures : torch.utils.data.Dataset
    {
        public override long Count => 4;

        public override Dictionary<string, Tensor> GetTensor(long index) =>
            new() { ["data"] = tensor([1f * index, 0f]), ["label"] = tensor(10L + index) };
    }

    private sealed record Photo(float[] Pixels, string Species);

    private static (float[] Data, long[] Labels) Fetch(TrainingData data, Reading? reading = null)
    {
        using var source = BatchSourceModule.ofDataset(reading ?? Reading.Default, data);
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

    [Fact]
    public void Data_sets_and_samples_are_read_one_by_one()
    {
        using var data = arange(8, dtype: ScalarType.Float32).reshape(4, 2);
        using var labels = tensor([10L, 11L, 12L, 13L]);
        using var pictures = new Pictures();
        using var tensors = torch.utils.data.TensorDataset(data, labels);
        var pairs = Enumerable
            .Range(0, 4)
            .Select(index => (Pixels: new[] { 1f * index, 0f }, Label: 10 + index))
            .ToList();

        foreach (
            var each in new TrainingData[]
            {
                pictures,
                TrainingData.FromDataset(pictures),
                TrainingData.FromSamples(pairs),
                TrainingData.FromSamples(4, (index, _) => (new[] { 1f * index, 0f }, 10 + index)),
            }
        )
        {
            var (rows, classes) = Fetch(each);
            Assert.Equal([3f, 0f, 1f, 0f], rows);
            Assert.Equal([13, 11], classes);
        }

        Assert.Equal([6f, 7f, 2f, 3f], Fetch(tensors).Data);
    }

    [Fact]
    public void A_collate_function_makes_batches_of_samples_of_any_type()
    {
        Photo[] photos = [new([0f], "cat"), new([1f], "dog"), new([2f], "cat"), new([3f], "cow")];
        var reading = new Reading(
            collateFn: samples =>
                (
                    stack(samples.Cast<Photo>().Select(photo => tensor(photo.Pixels))),
                    samples.Cast<Photo>().Select(photo => photo.Species).ToArray()
                ),
            dataAndLabelGetter: null,
            labels: LabelMap.Create(true, photos.Select(photo => photo.Species).ToArray()),
            level: HierarchyLevel.NewOne(0)
        );

        var (rows, classes) = Fetch(TrainingData.FromSamples(photos), reading);

        Assert.Equal([3f, 1f], rows);
        Assert.Equal([1, 2], classes);
    }

    [Fact]
    public void Missing_data_is_refused_at_once()
    {
        using var data = zeros(2, 2);
        Assert.Throws<ArgumentNullException>(() => TrainingData.FromTensors((Tensor)null!, [1]));
        Assert.Throws<ArgumentNullException>(() => TrainingData.FromTensors(data, (Tensor)null!));
        Assert.Throws<ArgumentNullException>(() => TrainingData.FromSamples<int>(null!));
    }
}
