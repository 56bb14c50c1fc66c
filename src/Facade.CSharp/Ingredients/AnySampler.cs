using MetricLearning.Core;

namespace MetricLearning;

/// <summary>
/// An order of the data: a sampler, a batch sampler, or indices or batches of your own. All of them convert to it by
/// themselves.
/// </summary>
public sealed class AnySampler
{
    internal Sampling Sampling { get; }

    private AnySampler(Sampling sampling) => Sampling = sampling;

    /// <summary>The sampler's passes, cut into batches.</summary>
    public static implicit operator AnySampler(Sampler sampler) =>
        new(Sampling.NewSampler(sampler ?? throw new ArgumentNullException(nameof(sampler))));

    /// <summary>The batch sampler's batches as they are.</summary>
    public static implicit operator AnySampler(BatchSampler sampler) =>
        new(Sampling.NewBatchSampler(sampler ?? throw new ArgumentNullException(nameof(sampler))));

    /// <summary>The same indices in every pass, cut into batches.</summary>
    public static implicit operator AnySampler(long[] indices) => Indices(indices);

    /// <summary>The same batches in every pass.</summary>
    public static implicit operator AnySampler(long[][] batches) => Batches(batches);

    /// <summary>A sequence of indices, enumerated once a pass and cut into batches.</summary>
    public static AnySampler Indices(IEnumerable<long> indices) =>
        new(Sampling.NewIndices(indices ?? throw new ArgumentNullException(nameof(indices))));

    /// <summary>A sequence of batches, enumerated once a pass; the trainer&#39;s batch size is not used.</summary>
    public static AnySampler Batches(IEnumerable<long[]> batches) =>
        new(Sampling.NewBatches(batches ?? throw new ArgumentNullException(nameof(batches))));
}
