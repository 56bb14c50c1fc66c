using MetricLearning.Core;

namespace MetricLearning;

/// <summary>
/// Batches from a few super-classes each, a few samples of a class: as many for every combination of super-classes, in
/// random order.
/// </summary>
/// <remarks>
/// Each super-class of a batch fills its equal part with random classes. A super-class with too few of them makes the
/// batch smaller. The trainer&#39;s batch size is not used.
/// </remarks>
public sealed class HierarchicalSampler : BatchSampler
{
    private readonly Hierarchical order;

    /// <summary>Over labels of several levels.</summary>
    /// <param name="labels">A row of levels per sample: a matrix (N × levels), a two-dimensional array, a list of tuples or
    /// arrays; integers or strings.</param>
    /// <param name="batchSize">A multiple of <paramref name="superClassesPerBatch"/>.</param>
    /// <param name="samplesPerClass">Samples of each class in a batch (of a smaller class with replacement); they must divide
    /// the part that a super-class has in it. Null takes whole classes, as long as they fit.</param>
    /// <param name="batchesPerSuperTuple">Batches of a pass for each combination of super-classes.</param>
    /// <param name="superClassesPerBatch">Super-classes in a batch.</param>
    /// <param name="innerLabel">The level of the classes, from 0.</param>
    /// <param name="outerLabel">The level of the super-classes, from 0.</param>
    /// <exception cref="ArgumentException">The arguments do not fit each other; all mistakes are named.</exception>
    public HierarchicalSampler(
        object labels,
        int batchSize,
        int? samplesPerClass,
        int batchesPerSuperTuple = 4,
        int superClassesPerBatch = 2,
        int innerLabel = 0,
        int outerLabel = 1
    )
    {
        var levels = LabelMap.Levels(labels);
        order = new Hierarchical(
            Level(levels, innerLabel, nameof(innerLabel)),
            Level(levels, outerLabel, nameof(outerLabel)),
            batchSize,
            samplesPerClass,
            batchesPerSuperTuple,
            superClassesPerBatch
        );
    }

    private static long[] Level(long[][] levels, int level, string name) =>
        level >= 0 && level < levels.Length
            ? levels[level]
            : throw new ArgumentException(
                $"{name} is {level}, but the labels have {levels.Length} level(s), counted from 0.",
                name
            );

    /// <inheritdoc/>
    public override long? Length => order.Length;

    /// <inheritdoc/>
    public override IEnumerable<long[]> Pass(Seed seed, long pass) => order.Pass(seed, pass);
}
