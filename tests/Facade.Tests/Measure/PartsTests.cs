using MetricLearning.Core;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Measure;

/// <summary>Distances, reducers, regularizers and miners give the reference's values.</summary>
public sealed class PartsTests
{
    private static Tensor R =>
        tensor(
                Enumerable
                    .Range(0, 20)
                    .Select(index => (i: index / 4, j: index % 4))
                    .Select(at => Math.Cos(0.5 + 0.8 * at.i - 1.1 * at.j + 0.2 * at.i * at.j))
                    .ToArray()
            )
            .reshape(5, 4);

    [Fact]
    public void Distances()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(56.46065669, Known.Number(new LpDistance().Matrix(Known.X, R).sum()), tolerance: 1e-7);
        Assert.Equal(
            81.71629696,
            Known.Number(new LpDistance(normalizeEmbeddings: false).Matrix(Known.X, R).sum()),
            tolerance: 1e-7
        );
        Assert.Equal(-0.48415685, Known.Number(new CosineSimilarity().Matrix(Known.X, R).sum()), tolerance: 1e-7);
        Assert.Equal(
            -1.12224644,
            Known.Number(new DotProductSimilarity(normalizeEmbeddings: false).Matrix(Known.X, R).sum()),
            tolerance: 1e-7
        );
        Assert.Equal(61.17698333, Known.Number(new SNRDistance().Matrix(Known.X, R).sum()), tolerance: 1e-7);
    }

    [Fact]
    public void Reducers()
    {
        using var scope = NewDisposeScope();
        var divided = ElementsOf.Classes("loss", tensor(new double[] { 1, -2, 0, 4 }), tensor(6L));
        double Reduce(Reducer reducer) =>
            Known.Number(reducer.Reduce([divided], ones(4, 2, dtype: float64), tensor(new long[] { 0, 1, 2, 3 })));

        Assert.Equal(0.75, Reduce(new MeanReducer()));
        Assert.Equal(3, Reduce(new SumReducer()));
        Assert.Equal(2.5, Reduce(new AvgNonZeroReducer()));
        Assert.Equal(4, Reduce(new ThresholdReducer(low: 1)));
        Assert.Equal(-1, Reduce(new ThresholdReducer(high: 1)));
        Assert.Equal(0.5, Reduce(new DivisorReducer()));
        Assert.Equal(-0.75, Reduce(new ClassWeightedReducer(tensor(new double[] { 1, 2, 3, 0 }))));
        Assert.Equal(3, Reduce(new PerAnchorReducer(reducer: new SumReducer())));
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
    public void Regularizers()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(1.40394598, Known.Number(new LpRegularizer().Compute(Known.X)), tolerance: 1e-7);
        Assert.Equal(0.40065245, Known.Number(new ZeroMeanRegularizer().Compute(Known.X)), tolerance: 1e-7);
        Assert.Equal(0.06646190, Known.Number(new CenterInvariantRegularizer().Compute(Known.X)), tolerance: 1e-7);
        Assert.Equal(0.77187813, Known.Number(new RegularFaceRegularizer().Compute(Known.X)), tolerance: 1e-7);
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
    public void EmbeddingsAlreadyPackagedAsTripletsAreTakenAsTheyCome()
    {
        using var scope = NewDisposeScope();
        var mined = new EmbeddingsAlreadyPackagedAsTriplets().Mine(Known.X.narrow(0, 0, 6), zeros(6, int64));
        var triplets = Assert.IsType<Tuples.Triplets>(mined);
        Assert.Equal([0, 3], triplets.a.data<long>().ToArray());
        Assert.Equal([2, 5], triplets.n.contiguous().data<long>().ToArray());
    }

    [Fact]
    public void Miners()
    {
        using var scope = NewDisposeScope();
        IReadOnlyDictionary<string, double> Counts(Miner miner)
        {
            miner.Mine(Known.X, Known.Y);
            return miner.Stats;
        }

        Assert.Equal(29, Counts(new TripletMarginMiner(typeOfTriplets: TypeOfTriplets.Hard))["num_triplets"]);
        Assert.Equal(7, Counts(new BatchHardMiner())["num_triplets"]);
        Assert.Equal(10, Counts(new PairMarginMiner())["num_pos_pairs"]);
        Assert.Equal(8, Counts(new PairMarginMiner())["num_neg_pairs"]);
        Assert.Equal(9, Counts(new MultiSimilarityMiner())["num_pos_pairs"]);
        Assert.Equal(28, Counts(new MultiSimilarityMiner())["num_neg_pairs"]);
        Assert.Equal(0, Counts(new BatchHardMiner(allowedPosRange: (5, 6)))["num_triplets"]);
        Assert.Equal(52, Counts(new AngularMiner())["num_triplets"]);
        Assert.Equal(6, Counts(new BatchEasyHardMiner())["num_neg_pairs"]);
        Assert.Equal(
            10,
            Counts(new BatchEasyHardMiner(BatchEasyHardStrategy.All, BatchEasyHardStrategy.Hard))["num_pos_pairs"]
        );
        Assert.Equal(0, Counts(new BatchEasyHardMiner(allowedNegRange: (5, 6)))["num_neg_pairs"]);
        Assert.Equal(17, Counts(new DistanceWeightedMiner(nonzeroLossCutoff: 3))["num_triplets"]);
        Assert.Equal(0, Counts(new UniformHistogramMiner(posPerBin: 0))["num_pos_pairs"]);
        Assert.Equal(5, Counts(new HDCMiner())["num_pos_pairs"]);
        Assert.Equal(23, Counts(new HDCMiner())["num_neg_pairs"]);
        var same = Known.Y.unsqueeze(1).eq(Known.Y);
        var farthest = (new LpDistance().Matrix(Known.X, null) * same).max();
        Assert.Equal(Known.Number(farthest), Counts(new BatchHardMiner { CollectStats = true })["hardest_pos_pair"]);
    }
}
