using TorchSharp;

namespace Digits;

/// <summary>What came of training with one seed.</summary>
/// <param name="Losses">The total loss of every iteration.</param>
/// <param name="Accuracies">Those of evaluations during training, if there were any.</param>
/// <param name="EmbeddedBefore">The test pictures in the untrained net, (719 × embedding size).</param>
/// <param name="EmbeddedAfter">The same in the trained net.</param>
/// <param name="Weights">The <see cref="Fingerprint"/> of the final weights.</param>
internal sealed record Run(
    int Seed,
    RetrievalScores Before,
    RetrievalScores After,
    IReadOnlyList<double> Losses,
    AccuracyHistory? Accuracies,
    torch.Tensor EmbeddedBefore,
    torch.Tensor EmbeddedAfter,
    TimeSpan Duration,
    string Weights
);

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
    public static Spread Of(IReadOnlyList<Run> runs, Func<Run, RetrievalScores> scores, int metric) =>
        Of([.. runs.Select(run => scores(run)[metric])]);

    public override string ToString() => Count > 1 ? $"{Mean:0.000} ± {Deviation:0.000}" : $"{Mean:0.000}";
}
