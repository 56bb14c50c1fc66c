using MetricLearning;
using static System.Net.WebUtility;

namespace Pictures;

/// <summary>Small copies of the pictures in the page, each of them once.</summary>
internal sealed class Thumbnails(PictureSet pictures)
{
    private const int Size = 64;
    private static readonly PictureFormat Small = new(Size, Size) { Fit = PictureFit.Contain };
    private readonly SortedSet<int> used = [];
    private readonly string[] names = [.. pictures.Labels.Select(label => pictures.Classes[(int)label])];

    /// <summary>The class of a picture, as a page may show it.</summary>
    public string Name(int index) => HtmlEncode(names[index]);

    /// <summary>The picture, as an image that says what it shows.</summary>
    public string Show(int index) =>
        $"<svg class=\"shot\" viewBox=\"0 0 {Size} {Size}\" role=\"img\" aria-label=\"{Name(index)}\">{Place(index)}</svg>";

    /// <summary>The same inside of another drawing.</summary>
    public string Place(int index)
    {
        used.Add(index);
        return $"<use href=\"#p{index}\"/>";
    }

    /// <summary>The definitions of all that were shown, to be placed once on the page, before them.</summary>
    public string Symbols =>
        $"""
            <svg class="symbols" aria-hidden="true"><defs>
            {string.Join("\n", used.Select(Symbol))}
            </defs></svg>
            """;

    private string Symbol(int index)
    {
        var png = Convert.ToBase64String(Small.Read(pictures.PathOf(index)).ToPng());
        return $"<image id=\"p{index}\" width=\"{Size}\" height=\"{Size}\" href=\"data:image/png;base64,{png}\"/>";
    }
}
