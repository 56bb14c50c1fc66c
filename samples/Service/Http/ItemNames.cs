using Microsoft.AspNetCore.Http.Features;

namespace PictureService.Http;

/// <summary>The ids of items, in which any letters and signs may be. In an address an id is one segment, with escapes for what would end it.</summary>
internal static class ItemNames
{
    private const int Longest = 300;
    private const string Before = "/items/";

    /// <summary>The address of an item.</summary>
    public static string AddressOf(string id) => Before + Uri.EscapeDataString(id);

    /// <summary>The address of its picture.</summary>
    public static string PictureOf(string id) => AddressOf(id) + "/picture";

    /// <summary>The id in the address of a request, as it was sent: what the server makes of it cannot tell an escaped slash from an escaped escape.</summary>
    public static string IdOf(HttpContext context)
    {
        var path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0];
        var from = path.IndexOf(Before, StringComparison.OrdinalIgnoreCase) + Before.Length;
        return Uri.UnescapeDataString(path[from..].Split('/')[0]);
    }

    /// <summary>An id that can be an item's, as it is.</summary>
    /// <exception cref="Refusal">It cannot.</exception>
    public static string Checked(string id) =>
        id switch
        {
            "." or ".." => throw new Refusal(400, $"The id {id} would be lost in an address: give another."),
            { Length: > Longest } => throw new Refusal(
                400,
                $"The id has {id.Length} characters: {Longest} are the most."
            ),
            _ => Line("id", id),
        };

    /// <summary>A text of one line, as it is.</summary>
    /// <exception cref="Refusal">It has control characters, or was no Unicode.</exception>
    public static string Line(string name, string text)
    {
        if (text.Any(char.IsControl))
            throw new Refusal(400, $"The {name} has control characters, such as the end of a line: leave them out.");
        if (text.Contains('\uFFFD'))
            throw new Refusal(400, $"The {name} is not in UTF-8.");
        return text;
    }
}
