namespace PictureService.Http;

/// <summary>The index compares by the cosine similarity; callers get the cosine distance, 1 less the similarity.</summary>
internal static class Distances
{
    // Rounding makes some similarities a little more than 1.
    public static double OfSimilarity(double similarity) => Math.Max(0, 1 - similarity);

    public static double? ToSimilarity(double? distance) => 1 - distance;
}
