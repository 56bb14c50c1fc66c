using System.Text;
using static TorchSharp.torch;

namespace Pictures;

/// <summary>Pictures in the plane, those near to each other whose embeddings are.</summary>
internal static class EmbeddingMap
{
    private const int Most = 700;
    private const double Size = 1000;
    private const double Shot = 26;

    /// <param name="embeddings">(N × D); of many, some are shown.</param>
    /// <param name="thumbnails">Theirs.</param>
    public static string Render(Tensor embeddings, Thumbnails thumbnails)
    {
        using var scope = NewDisposeScope();
        var count = (int)embeddings.size(0);
        var shown = Enumerable
            .Range(0, Math.Min(count, Most))
            .Select(number => (long)number * count / Math.Min(count, Most))
            .ToArray();
        var places = Tsne.Of(nn.functional.normalize(embeddings.index_select(0, tensor(shown))));
        var (low, high) = (places.amin([0], true), places.amax([0], true));
        var xy = ((places - low) / (high - low) * (Size - Shot)).data<double>().ToArray();
        var marks = new StringBuilder();
        foreach (var (row, index) in shown.Index())
            marks.AppendLine(
                $"<g transform=\"translate({xy[2 * row]:0.#} {xy[2 * row + 1]:0.#}) scale({Shot / 64})\"><title>{thumbnails.Name(
                    (int)index
                )}</title>{thumbnails.Place((int)index)}</g>"
            );

        return $"""
            <figure>
            <svg class="map" viewBox="0 0 {Size} {Size}" role="img" aria-labelledby="map-title">
            <title id="map-title">{shown.Length} test pictures in the plane</title>
            {marks}</svg>
            <figcaption>Neighbours in the map are neighbours in the embedding, as far as a plane allows; great distances mean little (t-SNE, van der
            Maaten and Hinton 2008).</figcaption>
            </figure>
            """;
    }
}
