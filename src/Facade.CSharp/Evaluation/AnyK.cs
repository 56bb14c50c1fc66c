using System.Globalization;
using MetricLearning.Core;

namespace MetricLearning;

/// <summary>
/// How many neighbours metrics look at: a number from 1, or <c>"max_bin_count"</c>. Both convert to it by themselves.
/// </summary>
public sealed class AnyK
{
    private const string MaxBinCountName = "max_bin_count";

    internal NeighbourCount Value { get; }

    private AnyK(NeighbourCount value) => Value = value;

    /// <summary>As many as the most references that any query could match.</summary>
    public static AnyK MaxBinCount { get; } = new(NeighbourCount.MaxBinCount);

    /// <summary>So many, or all references if there are fewer.</summary>
    /// <exception cref="ArgumentException">It is below 1.</exception>
    public static implicit operator AnyK(long k) =>
        k >= 1
            ? new(NeighbourCount.NewAtMost(k))
            : throw new ArgumentException(
                $"k is {k}: give a number from 1, \"{MaxBinCountName}\", or null for every reference.",
                nameof(k)
            );

    /// <inheritdoc cref="op_Implicit(long)"/>
    public static implicit operator AnyK(int k) => (long)k;

    /// <summary><c>"max_bin_count"</c>.</summary>
    /// <exception cref="ArgumentException">It is another word.</exception>
    public static implicit operator AnyK(string k) =>
        k == MaxBinCountName
            ? MaxBinCount
            : throw new ArgumentException(
                $"k is \"{k}\": give a number from 1, \"{MaxBinCountName}\", or null for every reference.",
                nameof(k)
            );

    /// <inheritdoc/>
    public override string ToString() =>
        Value is NeighbourCount.AtMost most ? most.Item.ToString(CultureInfo.InvariantCulture) : MaxBinCountName;
}
