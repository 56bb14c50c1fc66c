using MetricLearning;
using Spectre.Console;

namespace Digits;

/// <summary>What a person at the terminal sees.</summary>
internal static class Terminal
{
    /// <summary>One progress bar for all seeds; nothing when nobody is there to see it.</summary>
    /// <param name="work">Is given where to report the progress of a seed.</param>
    public static T ShowProgress<T>(Options options, Func<Func<int, IProgress<TrainingProgress>>, T> work)
    {
        var someoneWatches = !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive;
        if (!someoneWatches)
            return work(_ => new Ticker(_ => { }));

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
                var bar = bars.AddTask("Training", maxValue: options.Seeds);
                return work(seed => new Ticker(now =>
                {
                    bar.Description = $"seed {seed}, epoch {now.Epoch}/{now.LastEpoch}, loss {now.TotalLoss:0.0000}";
                    bar.Value = seed - options.Seed + EpochsDone(now) / now.LastEpoch;
                }));
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
                Spread.Of(runs.Select(run => run.Before), metric).ToString(),
                $"[bold]{Spread.Of(runs.Select(run => run.After), metric)}[/]"
            );
        AnsiConsole.Write(table);
    }

    private static double EpochsDone(TrainingProgress now) =>
        now.Epoch - 1 + ((double)now.IterationsDone / now.IterationsPerEpoch ?? 0);
}
