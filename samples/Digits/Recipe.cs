using TorchSharp;
using static TorchSharp.torch;

namespace Digits;

/// <summary>Stands in for the library until it is there: contrastive loss over all pairs, written by hand.</summary>
internal sealed record Recipe(IReadOnlyList<(string Name, string Value)> Settings)
{
    public static readonly string[] Trainers = ["MetricLossOnly"];
    public static readonly string[] Losses = ["TripletMargin", "Contrastive", "ArcFace"];

    public static Recipe Of(Options options) =>
        new([
            ("Loss", "ContrastiveLoss, margins 0 and 1"),
            ("Miner", "none"),
            ("Optimizer", "Adam, learning rate 0.001, one per network"),
            ("Sampler", "MPerClassSampler, 4 pictures of each of 10 digits"),
        ]);

    public const int IterationsPerEpoch = 26;

    public void Train(
        EmbeddingNet net,
        DigitSet digits,
        Options options,
        int seed,
        Action<int, double> iterated,
        CancellationToken cancellation
    )
    {
        var labels = digits.Labels.data<long>().ToArray();
        var byClass = labels
            .Select((label, row) => (label, row))
            .GroupBy(x => x.label)
            .Select(g => g.Select(x => (long)x.row).ToArray())
            .ToArray();
        var random = new Random(seed);
        using var adam = optim.Adam(net.Trunk.parameters().Concat(net.Embedder.parameters()), 1e-3);
        var done = 0;
        for (var epoch = 1; epoch <= options.Epochs; epoch++)
        for (var i = 0; i < IterationsPerEpoch; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var rows = tensor(
                byClass
                    .SelectMany(c =>
                    {
                        random.Shuffle(c);
                        return c[..4];
                    })
                    .ToArray()
            );
            var y = digits.Labels.index_select(0, rows);
            var e = nn.functional.normalize(net.Embedder.call(net.Trunk.call(digits.Pictures.index_select(0, rows))));
            var d = cdist(e, e);
            var same = y.unsqueeze(0).eq(y.unsqueeze(1)).to(ScalarType.Float32);
            var eye = torch.eye(40);
            var pos = (same - eye) * d;
            var neg = (1 - same) * nn.functional.relu(1 - d);
            var loss = pos.sum() / pos.gt(0).sum().clamp(min: 1) + neg.sum() / neg.gt(0).sum().clamp(min: 1);
            adam.zero_grad();
            loss.backward();
            adam.step();
            iterated(++done, loss.ToDouble());
        }
    }
}
