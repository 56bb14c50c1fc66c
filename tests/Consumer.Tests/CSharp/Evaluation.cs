using Xunit;

namespace PictureShop;

/// <summary>The page about evaluation.</summary>
public sealed class Evaluation : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor query = rand(40, 8, generator: new Generator(1));
    private readonly Tensor queryLabels = arange(40) % 4;
    private readonly Tensor reference = rand(60, 8, generator: new Generator(2));
    private readonly Tensor referenceLabels = arange(60) % 5;
    private readonly nn.Module<Tensor, Tensor> trunk = nn.Linear(8, 6);
    private readonly nn.Module<Tensor, Tensor> embedder = nn.Linear(6, 4);

    [Fact]
    public void A_tester_reports_accuracies_and_losses()
    {
        var train = TrainingData.FromTensors(reference, referenceLabels);
        var validation = TrainingData.FromTensors(query, queryLabels);

        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions
            {
                BatchSize = 64,
                AccuracyCalculator = new AccuracyCalculator(
                    include: ["precision_at_1", "mean_average_precision_at_r", "recall_at_5"],
                    k: "max_bin_count"
                ),
                LossFuncs = new Dictionary<string, Loss> { ["metric_loss"] = new TripletMarginLoss(margin: 0.1) },
            }
        );

        var results = tester.Test(
            new Dictionary<string, TrainingData> { ["train"] = train, ["val"] = validation },
            epoch: 1,
            trunk,
            embedder,
            splitsToEval: [("val", ["train", "val"])]
        );

        Console.WriteLine(results["val"]["mean_average_precision_at_r_level0"].Value);
        Console.WriteLine(results["val"]["metric_loss"].Value);

        Assert.Equal(
            ["mean_average_precision_at_r_level0", "metric_loss", "precision_at_1_level0", "recall_at_5_level0"],
            results["val"].Keys.Order(StringComparer.Ordinal)
        );
        Assert.InRange(results["val"]["metric_loss"].Value, 1e-6, 1);
    }

    [Fact]
    public void A_calculator_takes_metrics_and_neighbours_of_ones_own()
    {
        var calculator = new AccuracyCalculator(
            exclude: ["NMI", "AMI"],
            recallAtK: [1, 5, 10],
            knnFunc: new CustomKNN(new CosineSimilarity()),
            customMetrics:
            [
                new RetrievalMetric(
                    "precision_at_2",
                    found => found.Matches.narrow(1, 0, 2).to_type(float64).mean([1])
                ),
            ]
        );

        var accuracies = calculator.GetAccuracy(query, queryLabels, reference, referenceLabels);

        Assert.Equal(9, accuracies.Count);
        Assert.InRange(accuracies["precision_at_2"].Value, 0.01, 0.99);
        Assert.Equal(accuracies["precision_at_1"].Value, accuracies["recall_at_1"].Value);
    }

    [Fact]
    public void A_calculator_scores_what_is_included()
    {
        var calculator = new AccuracyCalculator(include: ["precision_at_1", "mean_average_precision_at_r"]);
        var accuracies = calculator.GetAccuracy(query, queryLabels, reference, referenceLabels);

        Assert.Equal(2, accuracies.Count);
    }

    [Fact]
    public void Neighbours_are_searched()
    {
        using var found = new CustomKNN(new LpDistance()).Search(query, k: 3, reference, refIncludesQuery: false);
        Console.WriteLine(found.Indices); // (Q × 3), nearest first

        Assert.Equal([40, 3], found.Indices.shape);
    }

    public void Dispose() => scope.Dispose();
}
