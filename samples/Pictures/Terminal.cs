using System.Diagnostics;
using MetricLearning;
using Spectre.Console;

namespace Pictures;

/// <summary>What a person at the terminal sees.</summary>
internal static class Terminal
{
    /// <summary>A progress bar with pictures a second and the time left; a line an epoch when the output is piped.</summary>
    public static void ShowProgress(int batchSize, Action<IProgress<TrainingProgress>> train)
    {
        if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive)
        {
            var pace = new Pace(batchSize);
            train(
                new Ticker(now =>
                {
                    var words = pace.After(now);
                    if (now.IterationsDone == now.IterationsPerEpoch)
                        Console.WriteLine(words);
                })
            );
            return;
        }

        AnsiConsole
            .Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .Start(bars =>
            {
                var bar = bars.AddTask("Training", maxValue: 1);
                var pace = new Pace(batchSize);
                train(
                    new Ticker(now =>
                    {
                        bar.Description = pace.After(now);
                        bar.Value = Pace.Done(now) / now.LastEpoch;
                    })
                );
            });
    }

    /// <summary>The scores, and those of the pixels and of the untrained network to compare with.</summary>
    public static void ShowScores(int pictures, RetrievalScores pixels, Run run)
    {
        var table = new Table().RoundedBorder().AddColumn($"{pictures} test pictures");
        foreach (var heading in new[] { "raw pixels", "untrained", "trained" })
            table.AddColumn(heading, column => column.RightAligned());
        for (var metric = 0; metric < RetrievalScores.Names.Length; metric++)
            table.AddRow(
                RetrievalScores.Names[metric],
                $"{pixels[metric]:0.000}",
                $"{run.Before[metric]:0.000}",
                $"[bold]{run.After[metric]:0.000}[/]"
            );
        AnsiConsole.Write(table);
    }

    // Since the first batch that this process trained on: a run that goes on began before it.
    private sealed class Pace(int batchSize)
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private double first = -1;
        private long batches;

        public static double Done(TrainingProgress now) =>
            now.Epoch - 1 + ((double)now.IterationsDone / now.IterationsPerEpoch ?? 0);

        public string After(TrainingProgress now)
        {
            var done = Done(now);
            if (first < 0)
            {
                first = done;
                clock.Restart();
                return $"epoch {now.Epoch} of {now.LastEpoch}, loss {now.TotalLoss:0.0000}";
            }

            batches++;
            var seconds = clock.Elapsed.TotalSeconds;
            var left = TimeSpan.FromSeconds(seconds * (now.LastEpoch - done) / (done - first));
            return $"epoch {now.Epoch} of {now.LastEpoch}, loss {now.TotalLoss:0.0000}, {batches * batchSize / seconds:0} pictures/s, {left:h\\:mm\\:ss} left";
        }
    }
}
