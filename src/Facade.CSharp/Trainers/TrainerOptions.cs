using Microsoft.Extensions.Logging;

namespace MetricLearning;

/// <summary>
/// Everything a trainer takes: the options of its run, hooks and a logger. The trainer only reads them.
/// </summary>
/// <example>
/// <code>
/// var other = new TrainerOptions(options) { Seed = 2 };
/// </code>
/// </example>
public sealed class TrainerOptions : RunOptions
{
    /// <summary>Options with their defaults.</summary>
    public TrainerOptions() { }

    /// <summary>The same options as another&#39;s; change what differs: <c>new TrainerOptions(options) { Seed = 2 }</c>.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public TrainerOptions(RunOptions options)
        : base(options)
    {
        if (options is TrainerOptions others)
        {
            EndOfIterationHook = others.EndOfIterationHook;
            EndOfEpochHook = others.EndOfEpochHook;
            Logger = others.Logger;
        }
    }

    /// <summary>Called after every iteration, before the schedules move; null, the default, for none.</summary>
    public Action<BaseTrainer>? EndOfIterationHook { get; set; }

    /// <summary>Called after every epoch; null, the default, for none. Training ends when it returns exactly false; null goes on.</summary>
    public Func<BaseTrainer, bool?>? EndOfEpochHook { get; set; }

    /// <summary>Gets warnings at construction and a line for every epoch; null, the default, for none.</summary>
    public ILogger? Logger { get; set; }
}
