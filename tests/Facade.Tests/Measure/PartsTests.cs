using MetricLearning.Core;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Measure;

/// <summary>Losses, miners, distances, reducers and regularizers as C# makes them.</summary>
public sealed class PartsTests
{
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
    public void PairsAreReducedByAnchor()
    {
        using var scope = NewDisposeScope();
        var pairs = ElementsOf.Pairs(
            "loss",
            ElementKind.PositivePair,
            tensor(new double[] { 1, 3, 5 }),
            tensor(new long[] { 0, 0, 1 }),
            tensor(new long[] { 1, 2, 0 })
        );
        double Reduce(Func<Tensor, Tensor, Tensor>? aggregate) =>
            Known.Number(
                new PerAnchorReducer(new SumReducer(), aggregate).Reduce([pairs], ones(3, 2, dtype: float64), null)
            );

        Assert.Equal(7, Reduce(null));
        Assert.Equal(8, Reduce((losses, counts) => losses.amax(1)));
    }

    [Fact]
    public void HDCMinerChoosesFromAPoolUntilItIsReset()
    {
        using var scope = NewDisposeScope();
        var miner = new HDCMiner(filterPercentage: 0.5);
        double[] Counts()
        {
            miner.Mine(Known.X, Known.Y);
            return [miner.Stats["num_pos_pairs"], miner.Stats["num_neg_pairs"]];
        }

        var all = Counts();
        miner.SetIdxExternally(miner.Mine(Known.X, Known.Y), Known.Y);
        Assert.Equal([3, 12], Counts());
        miner.SetIdxExternally(Tuples.All, Known.Y);
        Assert.Equal(all, Counts());
        var one = tensor([0L]);
        miner.SetIdxExternally(Tuples.NewTriplets(one, tensor([1L]), tensor([5L])), Known.Y);
        Assert.Equal([1, 1], Counts());
        miner.ResetIdx();
        Assert.Equal(all, Counts());
    }

    [Fact]
    public void WrongArgumentsAreErrorsThatSayWhatToDo()
    {
        Assert.Contains("bound", Assert.Throws<ArgumentException>(() => new ThresholdReducer()).Message);
        Assert.Contains("at least one class", Assert.Throws<ArgumentException>(() => new ProxyNCALoss(0, 4)).Message);
    }
}
