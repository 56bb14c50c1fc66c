namespace Samples;

/// <summary>A number over several runs; the deviation is the sample's, 0 for one run.</summary>
internal readonly record struct Spread(double Mean, double Deviation, int Count)
{
    public static Spread Of(IReadOnlyCollection<double> values)
    {
        var mean = values.Average();
        var squares = values.Sum(value => (value - mean) * (value - mean));
        return new(mean, values.Count > 1 ? Math.Sqrt(squares / (values.Count - 1)) : 0, values.Count);
    }

    /// <summary>One metric of some runs.</summary>
    public static Spread Of(IEnumerable<RetrievalScores> runs, int metric) => Of([.. runs.Select(run => run[metric])]);

    public override string ToString() => Count > 1 ? $"{Mean:0.000} ± {Deviation:0.000}" : $"{Mean:0.000}";
}
