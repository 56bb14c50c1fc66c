using MetricLearning.Tests.Training;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

public sealed class DataMistakes
{
    private static readonly Dictionary<string, Mistake> Mistakes = new()
    {
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
