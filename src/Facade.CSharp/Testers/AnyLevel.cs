using MetricLearning.Core;

namespace MetricLearning;

/// <summary>Levels of labels: a number from 0, several of them, or <c>"all"</c>. All of them convert to it by themselves.</summary>
public sealed class AnyLevel
{
    internal HierarchyLevel Value { get; }

    private AnyLevel(HierarchyLevel value) => Value = value;

    /// <summary>Every level there is.</summary>
    public static AnyLevel All { get; } = new(HierarchyLevel.All);

    /// <summary>One level.</summary>
    /// <exception cref="ArgumentException">It is below 0.</exception>
    public static implicit operator AnyLevel(int level) => new(HierarchyLevel.NewOne(Checked(level)));

    /// <summary>Several levels.</summary>
    /// <exception cref="ArgumentException">There is none, or one is below 0.</exception>
    public static implicit operator AnyLevel(int[] levels)
    {
        ArgumentNullException.ThrowIfNull(levels);
        return levels.Length > 0
            ? new(HierarchyLevel.NewSeveral([.. levels.Select(Checked)]))
            : throw new ArgumentException("labelHierarchyLevel has no levels: give at least one.", nameof(levels));
    }

    /// <summary><c>"all"</c>.</summary>
    /// <exception cref="ArgumentException">It is another word.</exception>
    public static implicit operator AnyLevel(string all) =>
        all == "all"
            ? All
            : throw new ArgumentException(
                $"labelHierarchyLevel is \"{all}\": give a number from 0, several, or \"all\".",
                nameof(all)
            );

    internal string Names =>
        Value switch
        {
            HierarchyLevel.One one => $"{one.Item}",
            HierarchyLevel.Several several => string.Join('_', several.Item),
            _ => "all",
        };

    private static int Checked(int level) =>
        level >= 0
            ? level
            : throw new ArgumentException($"labelHierarchyLevel is {level}: levels count from 0.", nameof(level));
}
