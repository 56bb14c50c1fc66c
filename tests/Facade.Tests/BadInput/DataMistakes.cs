using MetricLearning.Tests.Training;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

public sealed class DataMistakes
{
    private static readonly Dictionary<string, Mistake> Mistakes = new()
    {
        ["a batch size of zero"] = new(
            s => new TrainerOptions(s.Options) { BatchSize = 0 },
            "BatchSize is 0",
            "at least 1"
        ),
        ["a negative batch size"] = new(
            s => new TrainerOptions(s.Options) { BatchSize = -8 },
            "BatchSize is -8",
            "at least 1"
        ),
        ["fewer samples than a batch"] = new(
            s => new TrainerOptions(s.Options) { BatchSize = 25 },
            "The data set has 24 samples",
            "a smaller BatchSize"
        ),
        ["an empty tensor"] = new(
            s => new TrainerOptions(s.Options) { Dataset = TrainingData.FromTensors(zeros(0, 4), Array.Empty<long>()) },
            "dataset is empty"
        ),
        ["an empty list"] = new(
            s => new TrainerOptions(s.Options) { Dataset = TrainingData.FromSamples(Array.Empty<(Tensor, long)>()) },
            "dataset is empty"
        ),
        ["fewer labels than samples"] = new(
            s => new TrainerOptions(s.Options) { Dataset = TrainingData.FromTensors(s.Data, s.Labels[..20]) },
            "24 rows",
            "20 labels",
            "one label per sample"
        ),
        ["labels that are fractions"] = new(
            s => new TrainerOptions(s.Options) { Dataset = TrainingData.FromTensors(s.Data, ones(24) * 0.5) },
            "A label is 0.5",
            "labels are integers"
        ),
        ["labels in three dimensions"] = new(
            s => new TrainerOptions(s.Options)
            {
                Dataset = TrainingData.FromTensors(s.Data, zeros(24, 1, 1, dtype: ScalarType.Int64)),
            },
            "abels"
        ),
        ["labels that are objects"] = new(
            s => new TrainerOptions(s.Options) { Dataset = TrainingData.FromTensors(s.Data, new object()) },
            "abels"
        ),
        ["a level that the labels do not have"] = new(
            s => new TrainerOptions(s.Options) { LabelHierarchyLevel = 1 },
            "LabelHierarchyLevel is 1",
            "1 level(s)"
        ),
        ["a negative level"] = new(
            s => new TrainerOptions(s.Options) { LabelHierarchyLevel = -1 },
            "LabelHierarchyLevel is -1",
            "from 0"
        ),
        ["ranks of labels without the labels"] = new(
            s => new TrainerOptions(s.Options) { SetMinLabelToZero = true },
            "SetMinLabelToZero needs DatasetLabels"
        ),
        ["a label that the data set's labels lack"] = new(
            s => new TrainerOptions(s.Options) { SetMinLabelToZero = true, DatasetLabels = new long[] { 0, 1, 2 } },
            "Label 3",
            "DatasetLabels must hold every label"
        ),
        ["labels in numbers, the data set's in words"] = new(
            s => new TrainerOptions(s.Options) { SetMinLabelToZero = true, DatasetLabels = new[] { "a", "b" } },
            "DatasetLabels are strings",
            "use one kind"
        ),
        ["inputs with different numbers of rows"] = new(
            s => new TrainerOptions(s.Options)
            {
                Models = new() { Trunk = new Made.TwoInputs(), Embedder = s.Embedder },
                Optimizers = [],
                Dataset = TrainingData.FromTensors([s.Data, s.Data[..20]], s.Labels),
            },
            "24 rows, another 20"
        ),
        ["a number instead of a tensor of rows"] = new(
            s => new TrainerOptions(s.Options)
            {
                Dataset = TrainingData.FromTensors(tensor(1.0f), new long[] { 0 }),
                BatchSize = 1,
            },
            "no dimensions",
            "one row per sample"
        ),
        ["no tensor at all"] = new(
            s => new TrainerOptions(s.Options) { Dataset = TrainingData.FromTensors(Array.Empty<Tensor>(), s.Labels) },
            "no data tensors"
        ),
        ["a sampler with less than a batch"] = new(
            s => new TrainerOptions(s.Options) { Sampler = new MPerClassSampler(s.Labels, 1, 4, 4) },
            "MPerClassSampler has 4 samples",
            "a smaller BatchSize"
        ),
    };

    public static TheoryData<string> Names => [.. Mistakes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Construction_refuses(string mistake)
    {
        using var scenario = new Scenario();
        Refusing.AtSetup(Mistakes[mistake].Make(scenario), Mistakes[mistake].Words);
    }

    [Fact]
    public void A_batch_size_is_not_looked_at_where_batches_are_given()
    {
        using var scenario = new Scenario();
        long[][] batches =
        [
            [0, 1, 4, 5],
            [2, 3, 6, 7, 8],
        ];
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options) { BatchSize = 0, Sampler = batches }
        );
        trainer.Train(1);
        Assert.Equal(1, trainer.GlobalIteration);
    }
}
