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
        ["a sampler whose pass is null"] = new(
            s => new TrainerOptions(s.Options) { Sampler = new Made.Order(_ => null!) },
            "Order",
            "null"
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

        var error = Assert.Throws<PartException>(() => trainer.Train(1));
        Assert.IsType<IOException>(error.InnerException);
        isBroken = false;
        trainer.Train(2);
        other.Train(2);

        Assert.Equal(undisturbed.Weights(), scenario.Weights());
    }
}
