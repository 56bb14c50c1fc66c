using Xunit;

namespace MetricLearning.Tests;

/// <summary>Asserts that numbers are equal but for rounding, which differs from processor to processor.</summary>
internal static class Rounded
{
    /// <summary>Some roundings of float32.</summary>
    public const double Single = 1e-6;

    /// <summary>Some roundings of float64.</summary>
    public const double Double = 1e-14;

    public static void Equal(double expected, double actual, double relative) =>
        Assert.Equal(expected, actual, relative * Math.Abs(expected));
}
