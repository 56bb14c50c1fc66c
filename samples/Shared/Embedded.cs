using System.Reflection;

namespace Samples;

/// <summary>Texts that are part of the program, such as the styles of its page.</summary>
internal static class Embedded
{
    public static string Text(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
        return reader.ReadToEnd().Trim();
    }
}
