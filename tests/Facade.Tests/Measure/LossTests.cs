using MetricLearning.Core;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Measure;

public sealed class LossTests
{
    public static TheoryData<string, double> Values =>
        new()
        {
            { nameof(TripletMarginLoss), 0.56390526 },
            { nameof(ContrastiveLoss), 2.01175970 },
            { nameof(NTXentLoss), 12.90911408 },
            { nameof(MultiSimilarityLoss), 1.23554082 },
            { nameof(MarginLoss), 0.54029753 },
            { nameof(CircleLoss), 196.41242257 },
            { nameof(LiftedStructureLoss), 6.72861853 },
            { nameof(NCALoss), 2.55793106 },
            { nameof(AngularLoss), 3.95655605 },
            { nameof(FastAPLoss), 0.70468283 },
            { nameof(GeneralizedLiftedStructureLoss), 3.16219701 },
            { nameof(HistogramLoss), 0.53862204 },
            { nameof(InstanceLoss), 67.07063269 },
            { nameof(IntraPairVarianceLoss), 0.30898548 },
            { nameof(NPairsLoss), 1.50176748 },
            { nameof(PNPLoss), 1.79187747 },
            { nameof(RankedListLoss), 0.61804586 },
            { nameof(SignalToNoiseRatioContrastiveLoss), 3.14890854 },
            { nameof(SupConLoss), 10.78922516 },
            { nameof(ThresholdConsistentMarginLoss), 1.44336199 },
            { nameof(TupletMarginLoss), 52.12388812 },
            { nameof(ArcFaceLoss), 67.31632074 },
            { nameof(ProxyNCALoss), 2.05969456 },
            { nameof(ProxyAnchorLoss), 47.10046891 },
        };

    /// <summary>Built from its documented name alone, with the documented defaults.</summary>
    private static Loss Build(string name)
    {
        var constructor = typeof(TripletMarginLoss)
            .Assembly.GetType($"MetricLearning.{name}")!
            .GetConstructors()
            .Single();
        var arguments = constructor
            .GetParameters()
            .Select(parameter =>
                parameter switch
                {
                    { HasDefaultValue: true } => parameter.DefaultValue,
                    { IsOptional: true } => null,
                    { Name: "margin" } => 0.4,
                    { Name: "tn" } => 1.0,
                    _ => 4,
                }
            )
            .ToArray();
        return (Loss)constructor.Invoke(arguments);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void DefaultsGiveTheReferencesValue(string name, double expected)
    {
        using var scope = NewDisposeScope();
        using var loss = Build(name);
        loss.to(float64);
        using (no_grad())
        {
            foreach (var (parameter, values) in loss.named_parameters())
            {
                values.copy_(parameter == "W" ? Known.W : Known.W.t());
            }
        }

        Assert.Equal(expected, Known.Number(loss.Compute(Known.X, Known.Y)), tolerance: 1e-7);
    }

    [Fact]
    public void EverySettingArrives()
    {
        using var scope = NewDisposeScope();
        using var plain = new TripletMarginLoss(margin: 0.3)
        {
            Reducer = new SumReducer(),
            Distance = new LpDistance(p: 1, power: 2),
        };
        using var regularized = new TripletMarginLoss(margin: 0.3)
        {
            Reducer = new SumReducer(),
            Distance = new LpDistance(p: 1, power: 2),
            EmbeddingRegularizer = new LpRegularizer(p: 1, power: 2) { Reducer = new SumReducer() },
            EmbeddingRegWeight = 0.5,
        };
        var value = Known.Number(plain.Compute(Known.X, Known.Y));
        var cost = 0.5 * Known.Number(Known.X.abs().sum(1).square().sum());
        Assert.Equal(value + cost, Known.Number(regularized.Compute(Known.X, Known.Y)), tolerance: 1e-10);
    }

    [Fact]
    public void AMinersTuplesGoIntoALoss()
    {
        using var scope = NewDisposeScope();
        using var loss = new TripletMarginLoss(margin: 0.1);
        var miner = new TripletMarginMiner(margin: 0.1, typeOfTriplets: TypeOfTriplets.Semihard)
        {
            CollectStats = true,
        };
        var mined = miner.Mine(Known.X, Known.Y);
        Assert.IsType<Tuples.Triplets>(mined);
        Assert.True(miner.Stats["num_triplets"] > 0);
        Assert.True(Known.Number(loss.Compute(Known.X, Known.Y, mined)) > 0);
    }

    [Fact]
    public void PartsHaveReducersOfTheirOwn()
    {
        using var scope = NewDisposeScope();
        var reducers = new MultipleReducers(
            new Dictionary<string, Reducer> { ["pos_loss"] = new SumReducer(), ["neg_loss"] = new MeanReducer() }
        );
        using var loss = new ContrastiveLoss { Reducer = reducers };
        var input = new MetricInput(Known.X, Known.Y, Tuples.All, null, null, new(() => Seed.Of(1)));
        var parts = loss.ComputeLoss(input);
        Assert.Equal(["pos_loss", "neg_loss"], parts.Select(part => part.Name));
        Assert.Equal(
            Known.Number(parts[0].Sum()) + Known.Number(parts[1].Mean()),
            Known.Number(loss.Compute(Known.X, Known.Y)),
            tolerance: 1e-12
        );
    }

    [Fact]
    public void DoingNothingLeavesOneValueAnElement()
    {
        using var scope = NewDisposeScope();
        using var loss = new MultiSimilarityLoss { Reducer = new DoNothingReducer() };
        var values = loss.Compute(Known.X, Known.Y);
        Assert.Equal([8], values.shape);
        Assert.Equal(1.23554082, Known.Number(values.mean()), tolerance: 1e-7);
    }

    [Fact]
    public void ArcFaceClassifies()
    {
        using var scope = NewDisposeScope();
        using var loss = new ArcFaceLoss(numClasses: 3, embeddingSize: 4)
        {
            WeightInitFunc = weights => nn.init.ones_(weights),
        };
        var logits = loss.GetLogits(torch.ones(2, 4));
        Assert.Equal([2, 3], logits.shape);
        Rounded.Equal(64, Known.Number(logits.max()), Rounded.Single);
    }

    [Fact]
    public void WrongArgumentsAreErrorsThatSayWhatToDo()
    {
        var (lp, cosine) = (new LpDistance(), new CosineSimilarity());
        Assert.Contains(
            "CosineSimilarity",
            Assert.Throws<ArgumentException>(() => new CircleLoss { Distance = lp }).Message
        );
        Assert.Contains("bound", Assert.Throws<ArgumentException>(() => new ThresholdReducer()).Message);
        Assert.Contains(
            "similarity",
            Assert.Throws<ArgumentException>(() => new RegularFaceRegularizer { Distance = lp }).Message
        );
        Assert.Contains(
            "LpDistance",
            Assert.Throws<ArgumentException>(() => new CenterInvariantRegularizer { Distance = lp }).Message
        );
        Assert.Contains(
            "CosineSimilarity",
            Assert.Throws<ArgumentException>(() => new PNPLoss { Distance = lp }).Message
        );
        Assert.Contains(
            "2 / nBins",
            Assert.Throws<ArgumentException>(() => new HistogramLoss(nBins: 10, delta: 0.3)).Message
        );
        Assert.Contains(
            "LpDistance",
            Assert.Throws<ArgumentException>(() => new AngularMiner { Distance = cosine }).Message
        );
        Assert.Contains(
            "Semihard",
            Assert
                .Throws<ArgumentException>(() => new BatchEasyHardMiner(posStrategy: BatchEasyHardStrategy.Semihard))
                .Message
        );
        Assert.Contains("at least one class", Assert.Throws<ArgumentException>(() => new ProxyNCALoss(0, 4)).Message);
    }
}
