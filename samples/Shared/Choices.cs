using System.CommandLine;

namespace Samples;

/// <summary>Options of command lines that say what is wrong with a value, in its own words.</summary>
internal static class Choices
{
    public static Option<string> OneOf(string name, string description, IEnumerable<string> existing, string otherwise)
    {
        var option = new Option<string>(name)
        {
            Description = $"{description} One of: {string.Join(", ", existing)}.",
            HelpName = "NAME",
            DefaultValueFactory = _ => otherwise,
        };
        option.CompletionSources.Add([.. existing]);
        option.Validators.Add(parsed =>
        {
            if (parsed.GetValueOrDefault<string>() is { } value && !existing.Contains(value))
                parsed.AddError($"{name} {value} does not exist. There is: {string.Join(", ", existing)}.");
        });
        return option;
    }

    public static Option<string> Folder(string name, string description, string? otherwise = null)
    {
        var option = new Option<string>(name) { Description = description, HelpName = "FOLDER" };
        if (otherwise is not null)
            option.DefaultValueFactory = _ => otherwise;
        option.Validators.Add(parsed =>
        {
            if (parsed.GetValueOrDefault<string>() is "")
                parsed.AddError($"{name} takes the name of a folder.");
        });
        return option;
    }

    public static Option<int> Number(string name, string description, int least, int otherwise)
    {
        const int most = 1_000_000_000;
        return new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => otherwise,
            CustomParser = parsed =>
            {
                var text = parsed.Tokens[0].Value;
                if (int.TryParse(text, out var value) && value >= least && value <= most)
                    return value;
                parsed.AddError($"{name} takes a whole number from {least} to {most}, not '{text}'.");
                return otherwise;
            },
        };
    }
}
