using Spectre.Console;

namespace Digits;

/// <summary>One iteration is done: the how-manieth of its run, counted from 1, and its total loss.</summary>
internal readonly record struct TrainingStep(int Seed, int Iteration, int IterationsPerEpoch, double Loss)
{
    public int Epoch => (Iteration - 1) / IterationsPerEpoch + 1;
}

/// <summary>What a person at the terminal sees.</summary>
internal static class Terminal
{
    /// <summary>Shows a progress bar while <paramref name="work"/> reports; nothing when nobody is there to see it.</summary>
    public static T ShowProgress<T>(Options options, Func<IProgress<TrainingStep>, T> work)
    {
        var someoneWatches = !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive;
        if (!someoneWatches)
            return work(new Ticker(_ => { }));

        return AnsiConsole
            .Progress()
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new RemainingTimeColumn()
            )
            .Start(bars =>
            {
                var bar = bars.AddTask("Training", maxValue: 1.0 * options.Seeds * options.Epochs);
                return work(
                    new Ticker(step =>
                    {
                        bar.Description =
                            $"seed {step.Seed}, epoch {step.Epoch}/{options.Epochs}, loss {step.Loss:0.0000}";
                        bar.Increment(1.0 / step.IterationsPerEpoch);
                    })
                );
            });
    }

    /// <summary>The scores before and after, and those of the pixels themselves to compare with.</summary>
    public static void ShowScores(IReadOnlyList<Run> runs, RetrievalScores pixels)
    {
        var table = new Table().RoundedBorder().AddColumn("719 test pictures");
        foreach (var heading in new[] { "raw pixels", "before", "after" })
            table.AddColumn(heading, column => column.RightAligned());
        for (var metric = 0; metric < RetrievalScores.Names.Length; metric++)
            table.AddRow(
                RetrievalScores.Names[metric],
                $"{pixels[metric]:0.000}",
                Spread.Of(runs, run => run.Before, metric).ToString(),
                $"[bold]{Spread.Of(runs, run => run.After, metric)}[/]"
            );
        AnsiConsole.Write(table);
    }

    // Progress<T> would post to another thread, and arrive late.
    private sealed class Ticker(Action<TrainingStep> tick) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep step) => tick(step);
    }
}
