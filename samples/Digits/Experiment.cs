using System.Diagnostics;
using TorchSharp;

namespace Digits;

/// <summary>Measure, train, measure again.</summary>
internal static class Experiment
{
    public static Run Run(
        Recipe recipe,
        Options options,
        DigitsData digits,
        int seed,
        IProgress<TrainingStep> progress,
        CancellationToken cancellation
    )
    {
        using var net = new EmbeddingNet(seed);
        var before = net.Embed(digits.Test.Pictures);
        var losses = new List<double>();

        var clock = Stopwatch.StartNew();
        recipe.Train(
            net,
            digits.Train,
            options,
            seed,
            (_, loss) =>
            {
                losses.Add(loss);
                progress.Report(new(seed, losses.Count, Recipe.IterationsPerEpoch, loss));
            },
            cancellation
        );
        clock.Stop();

        var after = net.Embed(digits.Test.Pictures);
        return new(
            seed,
            Retrieval.Score(before, digits.Test.Labels),
            Retrieval.Score(after, digits.Test.Labels),
            losses,
            before,
            after,
            clock.Elapsed,
            Fingerprint.Of(
                new Dictionary<string, torch.nn.Module> { ["trunk"] = net.Trunk, ["embedder"] = net.Embedder }
            )
        );
    }
}
