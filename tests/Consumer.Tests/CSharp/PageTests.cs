using System.Net;
using System.Text.RegularExpressions;
using MetricLearning.Tests;
using Xunit;

namespace PictureShop;

/// <summary>What README and docs show is what is compiled, run and there.</summary>
public sealed partial class PageTests
{
    private sealed record Page(string Name, string Text)
    {
        /// <summary>The fenced blocks of a language.</summary>
        public IEnumerable<string> Fences(string language) =>
            from fence in Fence().Matches(Text)
            where fence.Groups["language"].Value == language
            select fence.Groups["code"].Value;
    }

    internal static string Read(string path) => File.ReadAllText(Repository.At(path)).ReplaceLineEndings("\n");

    private static IEnumerable<Page> Pages() =>
        from path in Directory
            .GetFiles(Repository.At("docs"), "*.md")
            .Concat(Directory.GetFiles(Repository.At(), "*.md"))
        select new Page(Path.GetRelativePath(Repository.At(), path), Read(path));

    private static string Words(string code) =>
        string.Join(' ', code.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Line breaks and indentation are the formatters' business.</summary>
    private static string Unspaced(string code) => Words(code).Replace(" ", "", StringComparison.Ordinal);

    /// <summary>Whether the paragraphs of a snippet stand in a source, in their order.</summary>
    private static bool IsIn(string source, string snippet)
    {
        var place = 0;

        foreach (var paragraph in BlankLines().Split(snippet.Trim()).Select(Unspaced))
        {
            place = source.IndexOf(paragraph, place, StringComparison.Ordinal);

            if (place < 0)
            {
                return false;
            }

            place += paragraph.Length;
        }

        return true;
    }

    [Theory]
    [InlineData("csharp", "tests/Consumer.Tests/CSharp", "*.cs")]
    [InlineData("fsharp", "tests/Consumer.Tests/FSharp", "*.fs")]
    public void Every_snippet_is_part_of_a_test(string language, string folder, string files)
    {
        var sources = Directory.GetFiles(Repository.At(folder), files).Select(path => Unspaced(Read(path))).ToArray();
        var snippets = Pages().SelectMany(page => page.Fences(language), (page, code) => (page.Name, code)).ToArray();

        Assert.NotEmpty(snippets);
        Assert.All(snippets, snippet => Assert.Contains(sources, source => IsIn(source, snippet.code)));
    }

    [Fact]
    public void Every_example_of_the_XML_docs_is_part_of_a_test()
    {
        var sources = new[] { ("tests/Consumer.Tests/CSharp", "*.cs"), ("tests/Consumer.Tests/FSharp", "*.fs") }
            .SelectMany(tests => Directory.GetFiles(Repository.At(tests.Item1), tests.Item2))
            .Select(path => Unspaced(Read(path)))
            .ToArray();
        var examples = Directory
            .GetFiles(Repository.At("src"), "*.?s", SearchOption.AllDirectories)
            .SelectMany(path => Example().Matches(Read(path)))
            .Select(example => WebUtility.HtmlDecode(DocComment().Replace(example.Groups[1].Value, "")))
            .ToArray();

        Assert.NotEmpty(examples);
        Assert.All(examples, example => Assert.Contains(sources, source => IsIn(source, example)));
    }

    [Fact]
    public void Every_command_is_run_with_the_tests()
    {
        var run = Words(Read(".ci/run"));
        var targets = Read("Directory.Build.targets");
        var commands = Pages()
            .SelectMany(page => page.Fences("bash"))
            .SelectMany(code => code.Trim().Split('\n'))
            .ToArray();

        Assert.NotEmpty(commands);
        Assert.All(
            commands,
            command =>
            {
                var main = Project().Match(command) is { Success: true } project
                    ? $"dotnet run {project.Value}"
                    : RepositoryPath().Replace(command, "");
                Assert.Contains(Words(main) + " ", run + " ", StringComparison.Ordinal);
                Assert.All(
                    Property().Matches(command),
                    property => Assert.Contains($"$({property.Groups[1].Value})", targets, StringComparison.Ordinal)
                );
            }
        );
    }

    [Fact]
    public void Fences_are_of_languages_that_are_checked() =>
        Assert.All(
            Pages(),
            page =>
                Assert.Equal(
                    page.Text.Split('\n').Count(line => line.StartsWith("```", StringComparison.Ordinal)),
                    2 * Languages(page).Sum(language => page.Fences(language).Count())
                )
        );

    // Python is shown beside its translation, and there only.
    private static string[] Languages(Page page)
    {
        string[] anywhere = ["csharp", "fsharp", "bash", "mermaid", "math", "text"];
        return page.Name.EndsWith("from-python.md", StringComparison.Ordinal) ? [.. anywhere, "python"] : anywhere;
    }

    [Fact]
    public void What_pages_point_to_is_there()
    {
        var links =
            from page in Pages()
            from link in Link().Matches(page.Text)
            select Path.Combine(Path.GetDirectoryName(page.Name)!, link.Groups[1].Value);
        var paths =
            from page in Pages()
            from path in RepositoryPath().Matches(page.Text)
            select path.Value.TrimEnd('.');

        Assert.All(links.Concat(paths).Distinct(), path => Assert.True(Path.Exists(Repository.At(path)), path));
    }

    [Fact]
    public void Sections_that_pages_point_to_are_there()
    {
        var links =
            from page in Pages()
            from link in Anchor().Matches(page.Text)
            let path = Path.Combine(Path.GetDirectoryName(page.Name)!, link.Groups["page"].Value)
            select (Page: link.Groups["page"].Length > 0 ? Read(path) : page.Text, Anchor: link.Groups["anchor"].Value);

        Assert.All(
            links.Distinct(),
            link =>
                Assert.Contains(link.Anchor, Heading().Matches(link.Page).Select(title => Slug(title.Groups[1].Value)))
        );
    }

    /// <summary>What GitHub calls a heading in links.</summary>
    private static string Slug(string heading) =>
        string.Concat(
                heading.ToLowerInvariant().Where(letter => char.IsLetterOrDigit(letter) || letter is ' ' or '-' or '_')
            )
            .Replace(' ', '-');

    [Fact]
    public void A_snippet_that_is_nowhere_is_found_out()
    {
        Assert.True(IsIn("abcd", "a\n  b\n\nd"));
        Assert.False(IsIn("abcd", "a c"));
        Assert.False(IsIn("abcd", "d\n\na"));
    }

    [GeneratedRegex(@"^```(?<language>\w*)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\n\s*\n")]
    private static partial Regex BlankLines();

    [GeneratedRegex("<example>.*?<code>(.*?)</code>", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex("^ */// ?", RegexOptions.Multiline)]
    private static partial Regex DocComment();

    [GeneratedRegex(@"--project \S+")]
    private static partial Regex Project();

    [GeneratedRegex(@"-p:(\w+)=")]
    private static partial Regex Property();

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\]\((?!https?:)(?<page>[^)#]*)#(?<anchor>[^)]+)\)")]
    private static partial Regex Anchor();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"(?<=[\s`])(src|tests|samples)/[\w./-]+")]
    private static partial Regex RepositoryPath();
}
