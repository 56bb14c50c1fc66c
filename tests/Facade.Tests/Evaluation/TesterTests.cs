using MetricLearning.Tests.Training;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Evaluation;

/// <summary>Testers in C#.</summary>
public sealed class TesterTests : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor data = rand(24, 5, generator: new Generator(1));
    private readonly Tensor levels = stack([arange(24) % 4, arange(24) % 4 / 2], 1).to_type(int64);
    private readonly nn.Module<Tensor, Tensor> trunk = nn.Linear(5, 4);
    private readonly nn.Module<Tensor, Tensor> embedder = nn.Linear(4, 3);

    private static readonly AccuracyCalculator Precision = new(include: ["precision_at_1"]);

    private Dictionary<string, TrainingData> Datasets => new() { ["val"] = TrainingData.FromTensors(data, levels) };

    [Fact]
    public void Results_stay_for_the_hook()
    {
        var seen = new List<double>();
        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions
            {
                AccuracyCalculator = Precision,
                EndOfTestingHook = tester => seen.Add(tester.AllAccuracies["val"]["precision_at_1_level0"].Value),
            }
        );
        Assert.Empty(tester.AllAccuracies);

        var results = tester.Test(Datasets, 7, trunk, embedder);

        Assert.Same(tester.AllAccuracies, results);
        Assert.Equal([results["val"]["precision_at_1_level0"].Value], seen);
        Assert.Equal(7, results["val"].Epoch);
        Assert.Equal(["val"], tester.ReferenceSplitNames["val"]);
    }

    [Fact]
    public void Without_a_hook_the_logger_gets_results_and_warnings()
    {
        var lines = new Lines();
        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions { AccuracyCalculator = new(include: ["r_precision"], k: 1), Logger = lines }
        );

        tester.Test(Datasets, 1, trunk, embedder);

        Assert.Contains(lines.Seen, line => line.Text.Contains("k is 1", StringComparison.Ordinal));
        Assert.Contains(lines.Seen, line => line.Text.Contains("r_precision_level0 = ", StringComparison.Ordinal));
    }

    [Fact]
    public void Levels_are_a_number_several_or_all()
    {
        IEnumerable<string> Names(AnyLevel level, BaseTester tester) =>
            tester.Test(Datasets, 1, trunk)["val"].Keys.Order(StringComparer.Ordinal);

        BaseTester Tester(AnyLevel level) =>
            new GlobalEmbeddingSpaceTester(
                new TesterOptions { AccuracyCalculator = Precision, LabelHierarchyLevel = level }
            );

        string[] both = ["AVERAGE_precision_at_1", "precision_at_1_level0", "precision_at_1_level1"];
        Assert.Equal(["precision_at_1_level1"], Names(1, Tester(1)));
        Assert.Equal(both, Names("all", Tester("all")));
        Assert.Equal(both, Names("all", Tester(new[] { 0, 1 })));
        Assert.Throws<ArgumentException>(() => Tester(-1));
        Assert.Throws<ArgumentException>(() => Tester("some"));
        Assert.Throws<ArgumentException>(() => Tester(Array.Empty<int>()));
        Assert.Throws<ArgumentException>(() => Tester(2).Test(Datasets, 1, trunk));

        var parents = new WithSameParentLabelTester(new TesterOptions { AccuracyCalculator = Precision });
        Assert.Equal(["precision_at_1_level0"], Names(0, parents));
    }

    [Fact]
    public void Two_streams_are_compared_with_each_other()
    {
        var pairs = new Dictionary<string, TrainingData>
        {
            ["val"] = TrainingData.FromTensors([data, data.clone()], levels),
        };
        var tester = new GlobalTwoStreamEmbeddingSpaceTester(
            new TesterOptions { AccuracyCalculator = Precision, LabelHierarchyLevel = 1 }
        );

        // Its own counterpart is the nearest.
        Assert.Equal(1.0, tester.Test(pairs, 1, trunk, embedder)["val"]["precision_at_1_level1"].Value);
    }

    [Fact]
    public void Names_of_records()
    {
        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions
            {
                AccuracyCalculator = Precision,
                LabelHierarchyLevel = "all",
                Pca = 2,
            }
        );

        Assert.Equal("accuracies_pca2_normalized_GlobalEmbeddingSpaceTester_level_all", tester.Description());
        tester.Test(Datasets, 1, trunk, embedder);
        Assert.Equal("accuracies_pca2_normalized_GlobalEmbeddingSpaceTester_level_0_1", tester.Description());
        Assert.Equal(
            "x_accuracies_pca2_normalized_GlobalEmbeddingSpaceTester_level_0_1_VAL_vs_self",
            tester.RecordGroupName("val", "x")
        );
        Assert.EndsWith(
            "_VAL_vs_TRAIN_and_VAL",
            tester.RecordGroupName("val", null, ["val", "train"]),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_visualizer_sees_every_split_and_level()
    {
        var shown = new List<(string, string, int, string, string)>();
        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions
            {
                AccuracyCalculator = Precision,
                LabelHierarchyLevel = "all",
                Visualizer = embeddings => embeddings.narrow(1, 0, 2).clone(),
                VisualizerHook = seen =>
                    shown.Add(
                        (
                            seen.SplitName,
                            seen.KeyName,
                            seen.Epoch,
                            string.Join(",", seen.Embeddings.shape),
                            string.Join(",", seen.Labels.data<long>().Take(5))
                        )
                    ),
            }
        );

        tester.Test(Datasets, 4, trunk, embedder);

        const string name = "embeddings_normalized_GlobalEmbeddingSpaceTester_level_";
        Assert.Equal([("val", name + 0, 4, "24,2", "0,1,2,3,0"), ("val", name + 1, 4, "24,2", "0,0,1,1,0")], shown);
    }

    [Fact]
    public void Labels_may_be_words()
    {
        string[] words = ["dog", "cat", "monkey", "cat", "dog", "monkey"];
        var samples = words.Select((word, row) => (data[row], word)).ToList();
        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions
            {
                AccuracyCalculator = Precision,
                DatasetLabels = words,
                SetMinLabelToZero = true,
                DataloaderNumWorkers = 0,
            }
        );
        var datasets = new Dictionary<string, TrainingData> { ["val"] = TrainingData.FromSamples(samples) };

        tester.Test(datasets, 1, trunk, embedder);
        using var found = tester.GetAllEmbeddings(datasets["val"], trunk, embedder);

        Assert.Equal([1, 0, 2, 0, 1, 2], found.Labels.data<long>());
        Assert.Equal([6, 3], found.Embeddings.shape);
    }

    [Fact]
    public void The_output_of_the_trunk_alone()
    {
        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions { UseTrunkOutput = true, NormalizeEmbeddings = false }
        );
        using var found = tester.GetAllEmbeddings(Datasets["val"], trunk, embedder);

        Assert.True(found.Embeddings.allclose(trunk.call(data), atol: 1e-6));
    }

    public void Dispose() => scope.Dispose();
}
