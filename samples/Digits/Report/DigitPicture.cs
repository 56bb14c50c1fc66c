using System.Text;

namespace Digits;

/// <summary>An 8 × 8 picture as vector graphics, in the page's own ink: dark on light, light on dark.</summary>
internal static class DigitPicture
{
    private const int Side = 8;

    /// <summary>Its definition, used any number of times.</summary>
    /// <param name="pixels">64 numbers, 0 = paper … 1 = ink.</param>
    public static string Symbol(string id, ReadOnlySpan<float> pixels)
    {
        var shades = new SortedDictionary<float, StringBuilder>();
        for (var at = 0; at < pixels.Length; at++)
        {
            if (pixels[at] == 0)
                continue;
            if (!shades.TryGetValue(pixels[at], out var path))
                shades[pixels[at]] = path = new();
            path.Append($"M{at % Side} {at / Side}h1v1h-1z");
        }
        var paths = shades.Select(shade => $"<path opacity=\"{shade.Key:0.##}\" d=\"{shade.Value}\"/>");
        return $"<symbol id=\"{id}\" viewBox=\"0 0 {Side} {Side}\">{string.Concat(paths)}</symbol>\n";
    }

    public static string Use(string id, string name) =>
        $"<svg class=\"picture\" role=\"img\" aria-label=\"{name}\"><use href=\"#{id}\"/></svg>";
}
