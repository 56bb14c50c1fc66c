using MetricLearning.Tests.Training;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>Data that show only when they are read, with loader threads and without.</summary>
public sealed class BatchMistakes
{
    private static TrainerOptions Reading<T>(Scenario scenario, Func<long, T> sample) =>
        new TrainerOptions(scenario.Options) { Dataset = TrainingData.FromSamples(24, (index, _) => sample(index)) };

    private static readonly Dictionary<string, Mistake> Mistakes = new()
    {
        ["a data set that throws"] = new(
            s => new TrainerOptions(
                Reading<(Tensor, long)>(
                    s,
                    index => index == 3 ? throw new IOException("disk gone") : (s.Data[index], s.Labels[index])
                )
            )
            {
                Sampler = new long[] { 0, 1, 2, 3, 4, 5, 6, 7 },
            },
            "Reading sample 3",
            "disk gone"
        ),
        ["a sample that is null"] = new(s => Reading<object?>(s, _ => null), "Reading sample", "null"),
        ["samples of different shapes"] = new(
            s => new TrainerOptions(Reading<(Tensor, long)>(s, index => (zeros(index == 5 ? 3 : 4), 0)))
            {
                Sampler = new long[] { 0, 1, 2, 3, 4, 5, 6, 7 },
            },
            "Sample 5",
            "[3]",
            "[4]",
            "Make all samples alike"
        ),
        ["samples without labels"] = new(
            s => Reading(s, index => s.Data[index]),
            "without labels",
            "DataAndLabelGetter"
        ),
        ["samples whose label is a fraction"] = new(s => Reading(s, index => (s.Data[index], 0.5)), "abel"),
        ["labels in words that no map knows"] = new(
            s => Reading(s, index => (s.Data[index], "cat")),
            "\"cat\"",
            "give DatasetLabels"
        ),
        ["a label that the data set's labels lack"] = new(
            s => new TrainerOptions(Reading(s, index => (s.Data[index], "cat")))
            {
                SetMinLabelToZero = true,
                DatasetLabels = new[] { "dog", "owl" },
            },
            "\"cat\"",
            "DatasetLabels must hold every label"
        ),
        ["a level that the labels do not have"] = new(
            s => new TrainerOptions(Reading(s, index => (s.Data[index], new long[] { 0, 1 })))
            {
                LabelHierarchyLevel = 2,
            },
            "LabelHierarchyLevel is 2",
            "2 level(s)"
        ),
        ["a collate function that throws"] = new(
            s => new TrainerOptions(s.Options) { CollateFn = _ => throw new FormatException("cannot collate") },
            "Making a batch of samples",
            "cannot collate"
        ),
        ["a collate function that returns null"] = new(
            s => new TrainerOptions(s.Options) { CollateFn = _ => null! },
            "CollateFn returned null"
        ),
        ["a collate function that returns a text"] = new(
            s => new TrainerOptions(s.Options) { CollateFn = _ => "batch" },
            "Making a batch",
            "DataAndLabelGetter"
        ),
        ["a getter that throws"] = new(
            s => new TrainerOptions(s.Options)
            {
                DataAndLabelGetter = _ => throw new KeyNotFoundException("no pictures"),
            },
            "Making a batch",
            "no pictures"
        ),
        ["a getter that returns null for the data"] = new(
            s => new TrainerOptions(s.Options) { DataAndLabelGetter = _ => (null!, s.Labels) },
            "Making a batch",
            "data"
        ),
        ["a getter that returns null for the labels"] = new(
            s => new TrainerOptions(s.Options) { DataAndLabelGetter = _ => (s.Data, null!) },
            "Making a batch",
            "abels"
        ),
        ["a getter with fewer labels than data"] = new(
            s => new TrainerOptions(s.Options) { DataAndLabelGetter = _ => (zeros(8, 4), new long[] { 1, 2 }) },
            "[8 × 4]",
            "2 labels"
        ),
        ["a getter whose data are a text"] = new(
            s => new TrainerOptions(s.Options) { DataAndLabelGetter = _ => ("data", new long[] { 1 }) },
            "Making a batch",
            "String"
        ),
        ["a sampler beyond the end"] = new(
            s => new TrainerOptions(s.Options) { Sampler = new long[] { 0, 1, 2, 3, 4, 5, 6, 24 } },
            "sample 24",
            "0 to 23"
        ),
        ["a sampler below zero"] = new(
            s => new TrainerOptions(s.Options) { Sampler = new long[] { 0, 1, 2, 3, 4, 5, 6, -1 } },
            "sample -1",
            "0 to 23"
        ),
        ["a sampler with an empty pass"] = new(
            s => new TrainerOptions(s.Options) { Sampler = Array.Empty<long>() },
            "no full batch of 8",
            "a smaller BatchSize"
        ),
        ["a sampler whose pass is null"] = new(
            s => new TrainerOptions(s.Options) { Sampler = new Made.Order(_ => null!) },
            "Order",
            "null"
        ),
        ["a sampler that throws"] = new(
            s => new TrainerOptions(s.Options)
            {
                Sampler = new Made.Order(_ => throw new InvalidOperationException("no order today")),
            },
            "no order today"
        ),
        ["no batches"] = new(s => new TrainerOptions(s.Options) { Sampler = Array.Empty<long[]>() }, "holds no batch"),
        ["an empty batch"] = new(
            s => new TrainerOptions(s.Options)
            {
                Sampler = new Made.BatchOrder(_ =>
                    [
                        [],
                        [1, 2],
                    ]
                ),
            },
            "Batch 0",
            "is empty"
        ),
        ["a batch that is null"] = new(
            s => new TrainerOptions(s.Options) { Sampler = new Made.BatchOrder(_ => [null!]) },
            "Batch 0",
            "null"
        ),
    };

    public static TheoryData<string, int> Names
    {
        get
        {
            var names = new TheoryData<string, int>();

            foreach (var name in Mistakes.Keys)
            {
                names.Add(name, 0);
                names.Add(name, 2);
            }

            return names;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_step_fails(string mistake, int workers)
    {
        using var scenario = new Scenario();

        Refusing.AtStep<InvalidOperationException>(
            new TrainerOptions(Mistakes[mistake].Make(scenario)) { DataloaderNumWorkers = workers },
            Mistakes[mistake].Words
        );
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Training_goes_on_once_a_sample_can_be_read_again(int workers)
    {
        using var scenario = new Scenario();
        using var undisturbed = new Scenario();
        var isBroken = true;
        var options = Reading<(Tensor, long)>(
            scenario,
            index =>
                isBroken && index == 9
                    ? throw new IOException("unplugged")
                    : (scenario.Data[index], scenario.Labels[index])
        );
        using var trainer = new MetricLossOnly(new TrainerOptions(options) { DataloaderNumWorkers = workers });
        using var other = new MetricLossOnly(undisturbed.Options);

        var error = Assert.Throws<InvalidOperationException>(() => trainer.Train(1));
        Assert.IsType<IOException>(error.InnerException);
        isBroken = false;
        trainer.Train(2);
        other.Train(2);

        Assert.Equal(undisturbed.Weights(), scenario.Weights());
    }
}
