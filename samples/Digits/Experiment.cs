using System.Diagnostics;
using MetricLearning;

namespace Digits;

/// <summary>Measure, train, measure again.</summary>
internal static class Experiment
{
    public static Run Run(
        Options options,
        int seed,
        DigitsData digits,
        IProgress<TrainingProgress> progress,
        CancellationToken cancellation
    )
    {
        var protocol = Protocols.Of(options);
        using var net = new EmbeddingNet(options.Device, seed, protocol.EmbeddingSize, protocol.Heads);
        var before = net.Embed(digits.Test.Pictures);
        var losses = new List<double>();
        using var records = options.Recorded ? Records(options, seed, digits.Test) : null;

        var clock = Stopwatch.StartNew();
        using var trainer = protocol.Build(
            options,
            seed,
            net,
            digits.Train,
            endOfIterationHook: it =>
            {
                losses.Add(it.Losses["total_loss"]);
                records?.EndOfIterationHook(it);
            },
            endOfEpochHook: records?.EndOfEpochHook
        );
        if (options.Checkpoint is not null)
            trainer.ResumeLatest();
        trainer.Train(options.Epochs, cancellationToken: cancellation, progress: progress);
        clock.Stop();

        var after = net.Embed(digits.Test.Pictures);
        return new(
            seed,
            Retrieval.Score(before, digits.Test.Labels),
            Retrieval.Score(after, digits.Test.Labels),
            records?.Losses ?? losses,
            records?.Accuracies,
            before,
            after,
            clock.Elapsed,
            Fingerprint.Of(trainer.Models, trainer.LossFuncs)
        );
    }

    // A run that goes on in another process has its losses on disk, for the report.
    private static RunRecords Records(Options options, int seed, DigitSet test)
    {
        var home = options.Records ?? options.Checkpoint;
        var folder = home is null ? null : Path.Combine(home, $"seed-{seed}");
        return new(
            folder,
            options.Records is not null,
            TrainingData.FromTensors(test.Pictures, test.Labels),
            Path.Combine(folder ?? options.Out, "models"),
            options.EvaluateEvery,
            options.Device
        );
    }
}
