using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Digits;

/// <summary>Embeddings in the plane, each drawn as the digit that its picture shows: colour is not needed to read it.</summary>
internal static class EmbeddingMap
{
    private const double Size = 400;
    private const double Margin = 12;

    /// <param name="embeddings">(N × D); shown normalised, as they are compared.</param>
    /// <param name="labels">(N)</param>
    public static string Render(string title, Tensor embeddings, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var (places, variance) = Projection.ToPlane(nn.functional.normalize(embeddings));

        // One scale for both directions: distances in the picture are distances in the plane.
        var (low, high) = (places.amin([0], true), places.amax([0], true));
        var scale = (Size - 2 * Margin) / (high - low).max().ToDouble();
        var xy = ((places - (low + high) / 2) * scale).data<double>().ToArray();
        var shown = labels.data<long>().ToArray();

        var marks = new StringBuilder();
        foreach (var kind in Enumerable.Range(0, shown.Length).GroupBy(row => shown[row]).OrderBy(kind => kind.Key))
        {
            marks.Append($"<g class=\"d{kind.Key}\">");
            foreach (var row in kind)
                marks.Append(
                    $"<text x=\"{Size / 2 + xy[2 * row]:0.#}\" y=\"{Size / 2 - xy[2 * row + 1]:0.#}\">{kind.Key}</text>"
                );
            marks.AppendLine("</g>");
        }

        var id = title.ToLowerInvariant().Replace(' ', '-');
        return $"""
            <figure>
            <svg class="map" viewBox="0 0 {Size} {Size}" role="img" aria-labelledby="{id}-title {id}-desc">
            <title id="{id}-title">{title}: {shown.Length} test pictures in the plane</title>
            <desc id="{id}-desc">Principal component analysis of the normalised embeddings; the plane holds {variance:0%} of their variance.</desc>
            <g aria-hidden="true">
            {marks}</g>
            </svg>
            <figcaption><strong>{title}</strong>: the plane holds {variance:0%} of the variance.</figcaption>
            </figure>
            """;
    }
}
