using MetricLearning;
using static TorchSharp.torch;

namespace Pictures;

/// <summary>How well the pictures of a set find their own class when each queries all others.</summary>
internal static class Scores
{
    private static readonly AccuracyCalculator Calculator = new(
        include: ["mean_average_precision_at_r", "r_precision", "precision_at_1"]
    );

    /// <param name="embeddings">(N × D), compared by cosine.</param>
    /// <param name="labels">(N)</param>
    public static RetrievalScores Of(Tensor embeddings, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var accuracy = Calculator.GetAccuracy(nn.functional.normalize(embeddings), labels);
        return new(accuracy["mean_average_precision_at_r"], accuracy["r_precision"], accuracy["precision_at_1"]);
    }

    /// <summary>Those of the pixels themselves, which any network should beat.</summary>
    public static RetrievalScores OfPixels(PictureSet pictures, PictureFormat format)
    {
        using var scope = NewDisposeScope();
        var pixels = stack(
            Enumerable
                .Range(0, pictures.Count)
                .Select(index => format.ToTensor(format.Read(pictures.PathOf(index))).flatten())
        );
        return Of(pixels.to(float32) / 255, tensor(pictures.Labels));
    }

    /// <summary>The last line of this program, for scripts.</summary>
    public static string Line(RetrievalScores scores) =>
        $"P@1 {scores.PrecisionAt1:0.000} R-precision {scores.RPrecision:0.000} MAP@R {scores.MapAtR:0.000}";
}
