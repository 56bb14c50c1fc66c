using Microsoft.Extensions.Logging;

namespace MetricLearning.Tests.Training;

/// <summary>A log that remembers its lines.</summary>
internal sealed class Lines : ILogger
{
    public List<(LogLevel Level, string Text)> Seen { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => Seen.Add((logLevel, formatter(state, exception)));
}
