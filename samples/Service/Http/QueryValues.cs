using System.Globalization;

namespace PictureService.Http;

/// <summary>What stands in the query of an address.</summary>
internal static class QueryValues
{
    /// <exception cref="Refusal">It is no whole number in this range.</exception>
    public static int Whole(this HttpRequest request, string name, int otherwise, int least, int most)
    {
        if (request.Text(name) is not { } text)
            return otherwise;
        return
            int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
            && number >= least
            && number <= most
            ? number
            : throw new Refusal(400, $"{name}={text}: {name} takes a whole number from {least} to {most}.");
    }

    /// <exception cref="Refusal">It is no finite number.</exception>
    public static double? Number(this HttpRequest request, string name)
    {
        if (request.Text(name) is not { } text)
            return null;
        return
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number)
            ? number
            : throw new Refusal(400, $"{name}={text}: {name} takes a number, such as 0.25.");
    }

    /// <exception cref="Refusal">It is neither true nor false.</exception>
    public static bool Choice(this HttpRequest request, string name)
    {
        if (request.Text(name) is not { } text)
            return false;
        return bool.TryParse(text, out var chosen)
            ? chosen
            : throw new Refusal(400, $"{name}={text}: {name} is true or false.");
    }

    /// <summary>The text of a parameter; null if it is not there, or there is nothing in it.</summary>
    /// <exception cref="Refusal">It is there more than once.</exception>
    public static string? Text(this HttpRequest request, string name)
    {
        var given = request.Query[name];
        if (given.Count > 1)
            throw new Refusal(400, $"{name} is in the address {given.Count} times: give it once.");
        return string.IsNullOrEmpty(given) ? null : given.ToString();
    }
}
