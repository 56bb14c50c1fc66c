using MetricLearning.Core;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Docs;

/// <summary>The page measures.</summary>
public sealed class Measures
{
    [Fact]
    public void Losses_and_miners_work_by_hand()
    {
        using var scope = NewDisposeScope();
        var embeddings = rand(6, 3, generator: new Generator(1)).requires_grad_();
        var labels = tensor([0L, 0, 1, 1, 2, 2]);
        var (references, refLabels) = (rand(10, 3, generator: new Generator(2)), arange(10) % 3);

        using var loss = new ContrastiveLoss(negMargin: 0.5, collectStats: true);
        var miner = new BatchHardMiner();

        var all = loss.Compute(embeddings, labels);
        var mined = loss.Compute(embeddings, labels, miner.Mine(embeddings, labels));
        var pair = Tuples.NewPairs(tensor([0L]), tensor([1L]), tensor([0L]), tensor([2L]));
        var given = loss.Compute(embeddings, null, pair);
        var against = loss.Compute(embeddings, labels, Tuples.All, references, refLabels);

        all.backward();

        Assert.True(embeddings.grad!.abs().sum().item<float>() > 0);
        Assert.Equal(6, miner.Stats["num_triplets"]);
        Assert.Equal(against.item<float>(), loss.Stats["loss"], 1e-6);
        Assert.NotEqual(all.item<float>(), mined.item<float>());
        Assert.NotEqual(given.item<float>(), against.item<float>());
    }

    [Fact]
    public void Class_weights_classify()
    {
        using var scope = NewDisposeScope();
        var embeddings = rand(6, 3, generator: new Generator(1));
        using var loss = new ArcFaceLoss(numClasses: 10, embeddingSize: 3);

        var classes = loss.GetLogits(embeddings).argmax(1);

        Assert.Equal([6], classes.shape);
    }
}
