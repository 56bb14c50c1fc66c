using Microsoft.Extensions.Logging;

namespace MetricLearning;

/// <summary>The options of a tester, with its hook and logger.</summary>
public sealed class TesterOptions : TestOptions
{
    /// <summary>Called after every test, with its results in <see cref="BaseTester.AllAccuracies"/>.</summary>
    public Action<BaseTester>? EndOfTestingHook { get; set; }

    /// <summary>Gets warnings, and the results where there is no hook; null for none.</summary>
    public ILogger? Logger { get; set; }
}
