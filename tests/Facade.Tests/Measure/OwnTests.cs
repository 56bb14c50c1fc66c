using MetricLearning.Core;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Measure;

/// <summary>What a C# user derives: one small class each.</summary>
public sealed class OwnTests
{
    /// <summary>Positives should be no farther than a limit, which it learns.</summary>
    private sealed class SquaredHinge : Loss
    {
        public SquaredHinge()
            : base("SquaredHinge") => Learn("limit", zeros(1) + 0.5);

        public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input)
        {
            var (positives, _) = PairDistances.Of(Distance, input);
            var excess = (positives.Values - Learned("limit", input.Embeddings)).relu();
            return [positives.Elements("loss", excess.square())];
        }
    }

    /// <summary>Positives less similar than negatives, on average.</summary>
    private sealed class MeanDifference() : GenericPairLoss("MeanDifference", new CosineSimilarity())
    {
        public override string[] Parts => ["pos_loss", "neg_loss"];

        public override IReadOnlyList<LossElements> ComputePairs(PairDistances positives, PairDistances negatives) =>
            [
                positives.Elements("pos_loss", 1 - positives.Values),
                negatives.Elements("neg_loss", negatives.Values.relu()),
            ];
    }

    private sealed class Chebyshev() : Distance("Chebyshev", isInverted: false)
    {
        public override Tensor ComputeMatrix(Tensor query, Tensor reference) =>
            (query.unsqueeze(1) - reference.unsqueeze(0)).abs().amax(2);

        public override Tensor PairwiseDistance(Tensor query, Tensor reference) => (query - reference).abs().amax(1);
    }

    private sealed class FirstTriplet() : Miner("FirstTriplet")
    {
        public override Tuples MineTuples(MetricInput input)
        {
            var (a, p, n) = input.Triplets(null);
            return Tuples.NewTriplets(a.narrow(0, 0, 1), p.narrow(0, 0, 1), n.narrow(0, 0, 1));
        }
    }

    private sealed class Largest() : Reducer("Largest")
    {
        public override Tensor ReduceElements(LossElements elements, Tensor embeddings, Tensor? labels) =>
            elements.List().Values.max();
    }

    private sealed class FirstNumber() : Regularizer("FirstNumber")
    {
        public override LossElements ComputeLoss(Tensor rows) => ElementsOf.Rows("loss", rows.select(1, 0).square());
    }

    [Fact]
    public void ALossLearns()
    {
        using var scope = NewDisposeScope();
        using var loss = new SquaredHinge();
        loss.to(float64);
        loss.Compute(Known.X, Known.Y).backward();
        var (name, limit) = loss.named_parameters().Single();
        Assert.Equal("limit", name);
        Assert.Equal(float64, limit.dtype);
        Assert.True(Known.Number(limit.grad!) < 0);
    }

    [Fact]
    public void ALossOfPairsTakesWhateverPairsAreAskedFor()
    {
        using var scope = NewDisposeScope();
        using var loss = new MeanDifference();
        var similarity = new CosineSimilarity().Matrix(Known.X, null);
        var one = Tuples.NewPairs(tensor([0L]), tensor([1L]), tensor([0L]), tensor([5L]));
        var expected = 1 - similarity[0, 1] + similarity[0, 5].relu();
        Assert.Equal(Known.Number(expected), Known.Number(loss.Compute(Known.X, null, one)), tolerance: 1e-12);
        var (same, other) = (TuplesModule.matches(Known.Y, null), TuplesModule.differs(Known.Y, null));
        var all = 1 - similarity.masked_select(same).mean() + similarity.masked_select(other).relu().mean();
        Assert.Equal(Known.Number(all), Known.Number(loss.Compute(Known.X, Known.Y)), tolerance: 1e-12);
    }

    [Fact]
    public void ADistanceAndAReducerGoIntoALoss()
    {
        using var scope = NewDisposeScope();
        var distance = new Chebyshev();
        using var loss = new TripletMarginLoss(margin: 0) { Distance = distance, Reducer = new Largest() };
        var matrix = distance.Matrix(Known.X, null);
        var miner = new FirstTriplet();
        var one = miner.Mine(Known.X, Known.Y);
        Assert.Equal(1, miner.Stats["num_triplets"]);
        var expected = (matrix[0, 1] - matrix[0, 3]).relu();
        Assert.Equal(Known.Number(expected), Known.Number(loss.Compute(Known.X, Known.Y, one)), tolerance: 1e-12);
        Assert.True(Known.Number(loss.Compute(Known.X, Known.Y)) > 0.1);
    }

    [Fact]
    public void ARegularizerIsAdded()
    {
        using var scope = NewDisposeScope();
        using var plain = new ContrastiveLoss();
        using var regularized = new ContrastiveLoss
        {
            EmbeddingRegularizer = new FirstNumber(),
            EmbeddingRegWeight = 2,
        };
        Assert.Equal(
            Known.Number(plain.Compute(Known.X, Known.Y)) + 2 * Known.Number(Known.X.select(1, 0).square().mean()),
            Known.Number(regularized.Compute(Known.X, Known.Y)),
            tolerance: 1e-12
        );
    }
}
