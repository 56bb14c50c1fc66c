using MetricLearning.Core;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Measure;

/// <summary>Distances, reducers, regularizers and miners as C# makes them.</summary>
public sealed class PartsTests
{
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
        var pool = miner.MineWithin(miner.Mine(Known.X, Known.Y), Known.X, Known.Y, null, null, Seed.Of(1));
        Assert.IsType<Tuples.Pairs>(pool);
        miner.ResetIdx();
        Assert.Equal(all, Counts());
    }

    [Fact]
    public void ArgumentsAndPropertiesArrive()
    {
        using var scope = NewDisposeScope();
        IReadOnlyDictionary<string, double> Counts(Miner miner)
        {
            miner.Mine(Known.X, Known.Y);
            return miner.Stats;
        }

        Assert.Equal(29, Counts(new TripletMarginMiner(typeOfTriplets: TypeOfTriplets.Hard))["num_triplets"]);
        Assert.Equal(0, Counts(new BatchHardMiner(allowedPosRange: (5, 6)))["num_triplets"]);
        Assert.Equal(0, Counts(new BatchEasyHardMiner(allowedNegRange: (5, 6)))["num_neg_pairs"]);
        Assert.Equal(
            10,
            Counts(new BatchEasyHardMiner(BatchEasyHardStrategy.All, BatchEasyHardStrategy.Hard))["num_pos_pairs"]
        );
        Assert.Equal(17, Counts(new DistanceWeightedMiner(nonzeroLossCutoff: 3))["num_triplets"]);
        Assert.Equal(0, Counts(new UniformHistogramMiner(posPerBin: 0))["num_pos_pairs"]);
        var manhattan = new LpDistance(normalizeEmbeddings: false, p: 1);
        var same = Known.Y.unsqueeze(1).eq(Known.Y);
        var farthest = (manhattan.Matrix(Known.X, null) * same).max();
        var miner = new BatchHardMiner { Distance = manhattan, CollectStats = true };
        Assert.Equal(Known.Number(farthest), Counts(miner)["hardest_pos_pair"]);
        var sum = new LpRegularizer(p: 1, power: 2) { Reducer = new SumReducer() };
        Assert.Equal(
            Known.Number(Known.X.abs().sum(1).square().sum()),
            Known.Number(sum.Compute(Known.X)),
            tolerance: 1e-12
        );
    }
}
