using System.Globalization;
using Spectre.Console;

namespace MetricLearning;

/// <summary>A progress bar on the console, shown only where somebody can watch it.</summary>
internal static class ConsoleBar
{
    /// <summary>True if output goes to an interactive terminal.</summary>
    public static bool CanShow =>
        !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities is { Interactive: true, Ansi: true };

    /// <summary>Runs an action that reports how far it has come, with a bar that shows it.</summary>
    public static void Show(Action<IProgress<TrainingProgress>> run) =>
        AnsiConsole
            .Progress()
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PercentageColumn(),
                new RemainingTimeColumn()
            )
            .Start(context => run(new Bar(context.AddTask("training"))));

    private sealed class Bar(ProgressTask task) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            var epochPart = value.IterationsPerEpoch is { } iterations and > 0
                ? (double)value.IterationsDone / iterations
                : 0;
            var loss = value.TotalLoss.ToString("F5", CultureInfo.InvariantCulture);
            task.MaxValue = value.LastEpoch;
            task.Value = value.Epoch - 1 + epochPart;
            task.Description = $"epoch {value.Epoch}/{value.LastEpoch}  total_loss={loss}";
        }
    }
}
