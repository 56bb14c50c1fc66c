namespace Samples;

/// <summary>How well embeddings find their own kind when each one queries all others; 0 … 1, higher is better.</summary>
/// <remarks>
/// R is the number of others with the query's label. Precision at i is the part of the i nearest that has it.
/// </remarks>
/// <param name="MapAtR">
/// Mean average precision at R: the precisions at those of the first R ranks that hold a match, summed and divided by R
/// (Musgrave et al. 2020, "A Metric Learning Reality Check").
/// </param>
/// <param name="RPrecision">Precision at R.</param>
/// <param name="PrecisionAt1">Whether the nearest one matches.</param>
internal readonly record struct RetrievalScores(double MapAtR, double RPrecision, double PrecisionAt1)
{
    public static readonly string[] Names = ["MAP@R", "R-precision", "P@1"];

    public double this[int metric] =>
        metric switch
        {
            0 => MapAtR,
            1 => RPrecision,
            _ => PrecisionAt1,
        };
}
