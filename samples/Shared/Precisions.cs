using System.CommandLine;
using MetricLearning;

namespace Samples;

/// <summary>The numbers that networks compute with.</summary>
internal static class Precisions
{
    /// <summary>The option of the command line.</summary>
    public static Option<string> Option() =>
        Choices.OneOf(
            "--precision",
            "The numbers that networks compute with.",
            Enum.GetNames<Precision>(),
            nameof(Precision.Float32)
        );
}
