using Xunit;

namespace PictureShop;

/// <summary>log(1 + exp(d(a,p) − d(a,n))) of every triplet.</summary>
public sealed class LogisticTripletLoss() : Loss("LogisticTripletLoss")
{
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input)
    {
        var triplets = TripletDistances.Of(Distance, input, perAnchor: null);
        var excess = Distance.Margin(triplets.AnchorPositive, triplets.AnchorNegative);
        return [triplets.Elements("loss", nn.functional.softplus(excess))];
    }
}

/// <summary>Positives should be nearer than a limit, negatives farther; the limit is learned.</summary>
public sealed class LearnedLimitLoss : Loss
{
    public LearnedLimitLoss()
        : base("LearnedLimitLoss") => Learn("limit", ones(1));

    public override string[] Parts => ["pos_loss", "neg_loss"];

    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input)
    {
        var limit = Learned("limit", input.Embeddings);
        var (positives, negatives) = PairDistances.Of(Distance, input);
        return
        [
            positives.Elements("pos_loss", nn.functional.softplus(positives.Values - limit)),
            negatives.Elements("neg_loss", nn.functional.softplus(limit - negatives.Values)),
        ];
    }
}

/// <summary>All positive pairs, and the negative pairs that are nearer than a radius.</summary>
public sealed class WithinRadiusMiner(double radius) : Miner("WithinRadiusMiner")
{
    public override Tuples MineTuples(MetricInput input)
    {
        var (a1, p, a2, n) = input.Pairs();
        var near = Distance.Matrix(input.Embeddings, input.References).index(a2, n).lt(radius);
        return Tuples.NewPairs(a1, p, a2.masked_select(near), n.masked_select(near));
    }
}

/// <summary>The angle between embeddings, in radians.</summary>
public sealed class AngularDistance() : Distance("AngularDistance", isInverted: false)
{
    public override Tensor ComputeMatrix(Tensor query, Tensor reference) => Angle(query.mm(reference.t()));

    public override Tensor PairwiseDistance(Tensor query, Tensor reference) => Angle((query * reference).sum(1));

    // Where the cosine is 1 the angle has no finite slope.
    private static Tensor Angle(Tensor cosine) => cosine.clamp(-1 + 1e-6, 1 - 1e-6).acos();
}

/// <summary>The mean of the largest values.</summary>
public sealed class LargestReducer(int count) : Reducer("LargestReducer")
{
    public override Tensor ReduceElements(LossElements elements, Tensor embeddings, Tensor? labels)
    {
        var values = elements.List().Values;
        var taken = (int)Math.Min(count, values.size(0));
        return taken == 0 ? Zero(embeddings) : values.topk(taken).values.mean();
    }
}

/// <summary>Embeddings outside of the unit ball cost.</summary>
public sealed class UnitBallRegularizer() : Regularizer("UnitBallRegularizer")
{
    public override LossElements ComputeLoss(Tensor rows) => ElementsOf.Rows("loss", (rows.square().sum(1) - 1).relu());
}

/// <summary>Blocks of neighbouring samples, in random order.</summary>
public sealed class BlockSampler(int blocks, int size) : Sampler
{
    public override IEnumerable<long> Pass(Seed seed, long pass) =>
        from block in seed.Derive("blocks", pass).Shuffle(Enumerable.Range(0, blocks))
        from place in Enumerable.Range(0, size)
        select (long)block * size + place;

    public override long? Length => (long)blocks * size;
}

/// <summary>Batches of all samples of some classes.</summary>
public sealed class WholeClassSampler(IReadOnlyList<long> labels, int classes) : BatchSampler
{
    private readonly long[][] members =
    [
        .. Enumerable.Range(0, labels.Count).GroupBy(i => labels[i], i => (long)i).Select(members => members.ToArray()),
    ];

    public override IEnumerable<long[]> Pass(Seed seed, long pass) =>
        seed.Derive("classes", pass)
            .Shuffle(members)
            .Chunk(classes)
            .Select(batch => batch.SelectMany(m => m).ToArray());
}

/// <summary>The page your-own.</summary>
public sealed class YourOwn
{
    private readonly nn.Module<Tensor, Tensor> trunk = nn.Linear(4, 3);
    private readonly Tensor data = rand(24, 4, generator: new Generator(1));
    private readonly long[] labels = [.. Enumerable.Range(0, 24).Select(index => (long)(index % 4))];

    [Fact]
    public void Parts_train_together()
    {
        var loss = new LearnedLimitLoss();
        using var trainer = new MetricLossOnly(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk },
                Optimizers = new()
                {
                    Trunk = PureOptimizer.SGD(lr: 0.1),
                    ["metric_loss_optimizer"] = PureOptimizer.SGD(lr: 0.1),
                },
                BatchSize = 12,
                LossFuncs = new() { MetricLoss = loss },
                MiningFuncs = new() { TupleMiner = new WithinRadiusMiner(radius: 1.5) },
                Sampler = new BlockSampler(blocks: 6, size: 4),
                Dataset = TrainingData.FromTensors(data, labels),
            }
        );

        trainer.Train(2);

        Assert.Equal(3, trainer.GlobalIteration);
        Assert.NotEqual(1, loss.parameters().Single().item<float>());
    }

    [Fact]
    public void Parts_go_into_losses()
    {
        LossFuncs losses = new()
        {
            MetricLoss = new TripletMarginLoss(margin: 0.1)
            {
                Distance = new AngularDistance(),
                Reducer = new LargestReducer(count: 100),
                EmbeddingRegularizer = new UnitBallRegularizer(),
                EmbeddingRegWeight = 0.1,
            },
        };
        using var trainer = new MetricLossOnly(
            new()
            {
                Models = new() { Trunk = trunk },
                Optimizers = new() { Trunk = PureOptimizer.SGD(lr: 0.1) },
                BatchSize = 12,
                LossFuncs = losses,
                Sampler = new WholeClassSampler(labels, classes: 2),
                Dataset = TrainingData.FromTensors(data, labels),
            }
        );

        trainer.Train(2);

        Assert.Equal(3, trainer.GlobalIteration);
        Assert.True(trainer.Losses["metric_loss"] > 0);
    }

    [Fact]
    public void Their_numbers_are_those_of_their_formulas()
    {
        using var scope = NewDisposeScope();
        var (x, y) = (tensor([1.0, 0, 0, 1, 2, 0]).reshape(3, 2), tensor([0L, 1, 0]));
        var angle = new AngularDistance();
        using var loss = new LogisticTripletLoss { Distance = angle, Reducer = new LargestReducer(count: 1) };

        Assert.Equal(Math.PI / 2, angle.Matrix(x, null)[0, 1].item<double>(), 1e-5);
        Assert.Equal(Math.PI / 2, angle.PairwiseDistance(x[..1], x[1..2]).item<double>(), 1e-5);
        Assert.Equal(Math.Log(1 + Math.Exp(-Math.PI / 2)), loss.Compute(x, y).item<double>(), 1e-2);
        Assert.Equal(0, loss.Compute(x, tensor([0L, 1, 2])).item<double>());
        Assert.Equal(1, new UnitBallRegularizer().Compute(x).item<double>(), 1e-12);

        var mined = Assert.IsType<Tuples.Pairs>(new WithinRadiusMiner(1).Mine(x, y));
        Assert.Equal(0, mined.n.size(0));
        Assert.Equal(2, mined.p.size(0));
    }

    [Fact]
    public void Orders_are_functions_of_seed_and_pass()
    {
        var (blocks, classes) = (new BlockSampler(6, 4), new WholeClassSampler(labels, 2));
        var seed = Seed.Of(1);

        Assert.Equal(Enumerable.Range(0, 24).Select(i => (long)i), blocks.Pass(seed, 0).Order());
        Assert.Equal(blocks.Pass(seed, 0), blocks.Pass(seed, 0));
        Assert.NotEqual(blocks.Pass(seed, 0), blocks.Pass(seed, 1));
        Assert.All(classes.Pass(seed, 0), batch => Assert.Equal(2, batch.Select(i => labels[i]).Distinct().Count()));
        Assert.Equal(24, classes.Pass(seed, 0).Sum(batch => batch.Length));
    }
}
