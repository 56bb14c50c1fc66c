using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Evaluation;

/// <summary>AccuracyCalculator and CustomKNN in C#.</summary>
public sealed class AccuracyCalculatorTests : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor query = rand(30, 4, generator: new Generator(1));
    private readonly Tensor labels = arange(30) % 3;

    /// <summary>The first references, whatever the queries.</summary>
    private sealed class First : KnnFunc
    {
        public long Asked { get; private set; }

        public override Neighbours Search(Tensor query, long k, Tensor reference, bool refIncludesQuery)
        {
            Asked = k;
            return new(zeros(query.size(0), k), arange(k).expand(query.size(0), k).clone());
        }
    }

    [Fact]
    public void The_documented_metrics_are_on_by_default()
    {
        var calculator = new AccuracyCalculator();

        Assert.Equal(
            [
                "AMI",
                "NMI",
                "mean_average_precision",
                "mean_average_precision_at_r",
                "mean_reciprocal_rank",
                "precision_at_1",
                "r_precision",
            ],
            calculator.Metrics
        );
        Assert.Equal(calculator.Metrics, calculator.GetAccuracy(query, labels).Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_call_narrows_the_metrics_of_that_call_only()
    {
        var calculator = new AccuracyCalculator(include: ["precision_at_1", "r_precision"]);

        Assert.Equal(["r_precision"], calculator.GetAccuracy(query, labels, include: ["r_precision"]).Keys);
        Assert.Equal(["r_precision"], calculator.GetAccuracy(query, labels, exclude: ["precision_at_1"]).Keys);
        Assert.Equal(2, calculator.GetAccuracy(query, labels).Count);
    }

    [Fact]
    public void K_is_a_number_or_max_bin_count()
    {
        var asked = new First();

        foreach (
            var (k, expected) in new (AnyK?, long)[]
            {
                (4, 4),
                ("max_bin_count", 10),
                (AnyK.MaxBinCount, 10),
                (null, 30),
            }
        )
        {
            new AccuracyCalculator(include: ["mean_average_precision"], k: k, knnFunc: asked).GetAccuracy(
                query,
                labels,
                query,
                labels
            );
            Assert.Equal(expected, asked.Asked);
        }

        Assert.Contains(
            "\"foo\"",
            Assert.Throws<ArgumentException>(() => (AnyK)"foo").Message,
            StringComparison.Ordinal
        );
        Assert.Throws<ArgumentException>(() => (AnyK)0);
        Assert.Equal("max_bin_count", AnyK.MaxBinCount.ToString());
        Assert.Equal("7", ((AnyK)7).ToString());
    }

    [Fact]
    public void Averages_of_two_kinds_exclude_each_other()
    {
        Assert.Contains(
            "choose one",
            Assert
                .Throws<ArgumentException>(() => new AccuracyCalculator(avgOfAvgs: true, returnPerClass: true))
                .Message,
            StringComparison.Ordinal
        );
        Assert.Equal("avg_of_avgs", new AccuracyCalculator(avgOfAvgs: true).Description);
        Assert.Equal("", new AccuracyCalculator().Description);
    }

    [Fact]
    public void Numbers_by_class_come_with_their_labels()
    {
        var calculator = new AccuracyCalculator(include: ["precision_at_1"], returnPerClass: true);

        var accuracy = calculator.GetAccuracy(query, labels)["precision_at_1"];

        Assert.Equal(["0", "1", "2"], accuracy.ByClass.Select(one => one.Label));
        Rounded.Equal(accuracy.ByClass.Average(one => one.Value), accuracy.Value, Rounded.Double);
        Assert.Equal(accuracy.Value, (double)accuracy);
    }

    [Fact]
    public void Labels_may_match_in_another_way()
    {
        var pairs = stack([labels, arange(30)], 1);
        var calculator = new AccuracyCalculator(
            include: ["precision_at_1", "r_precision"],
            labelComparisonFn: (x, y) => x.select(-1, 0).eq(y.select(-1, 0))
        );
        var plain = new AccuracyCalculator(include: ["precision_at_1", "r_precision"]).GetAccuracy(query, labels);

        foreach (var (name, accuracy) in calculator.GetAccuracy(query, pairs))
        {
            Rounded.Equal(plain[name].Value, accuracy.Value, Rounded.Double);
        }

        Assert.Contains(
            "exclude them",
            Assert
                .Throws<ArgumentException>(() => new AccuracyCalculator(labelComparisonFn: (x, y) => x.eq(y)))
                .Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void K_means_repeats_with_its_seed()
    {
        double Nmi(long seed) => new AccuracyCalculator(include: ["NMI"], seed: seed).GetAccuracy(query, labels)["NMI"];

        Assert.Equal(Nmi(1), Nmi(1));
        Assert.Contains(Enumerable.Range(2, 20), seed => Nmi(seed) != Nmi(1));
    }

    public void Dispose() => scope.Dispose();
}
