using System.Text.RegularExpressions;
using MetricLearning.Tests;
using Xunit;

namespace PictureShop;

/// <summary>The formulas of the pages are written so that GitHub renders them.</summary>
public sealed partial class Formulas
{
    /// <summary>Commands that both MathJax and GitHub's filter of it let pass; \operatorname, for one, does not.</summary>
    private static readonly HashSet<string> Commands =
    [
        .. "Bigl Bigr bigl bigr lvert rvert lVert rVert lceil rceil lfloor rfloor".Split(' '),
        .. "frac tfrac sqrt binom sum max min log exp cos sin tan arctan Pr overline hat tilde".Split(' '),
        .. "mathrm mathcal mathbf mathop text begin end quad qquad".Split(' '),
        .. "cdot dots pm approx le ge lt gt ne in cup emptyset mid propto leftarrow ominus pi".Split(' '),
        .. "alpha beta gamma varepsilon ell theta kappa lambda mu nu omega psi rho sigma tau Delta".Split(' '),
    ];

    private static readonly string[] Pages = [.. Directory.GetFiles(Repository.At("docs"), "*.md")];

    public static TheoryData<string> Written =>
        new(
            Pages
                .Select(PageTests.Read)
                .SelectMany(page => Shown().Matches(page).Concat(Within().Matches(page)))
                .Select(formula => formula.Groups[1].Value.Trim())
                .Distinct()
        );

    [Theory]
    [MemberData(nameof(Written))]
    public void A_formula_is_well_formed(string formula)
    {
        Assert.All(Command().Matches(formula), command => Assert.Contains(command.Groups[1].Value, Commands));
        Assert.DoesNotContain("\n\n", formula, StringComparison.Ordinal);

        var depths = Grouping()
            .Replace(formula, "")
            .Aggregate(
                new List<int> { 0 },
                (depths, letter) =>
                    [
                        .. depths,
                        depths[^1]
                            + letter switch
                            {
                                '{' => 1,
                                '}' => -1,
                                _ => 0,
                            },
                    ]
            );
        Assert.DoesNotContain(depths, depth => depth < 0);
        Assert.Equal(0, depths[^1]);

        Assert.Equal(Count(formula, @"\begin{"), Count(formula, @"\end{"));
        Assert.Equal(Count(formula, @"\Bigl"), Count(formula, @"\Bigr"));
        Assert.Equal(Count(formula, @"\bigl"), Count(formula, @"\bigr"));
        Assert.Equal(Count(formula, @"\lvert"), Count(formula, @"\rvert"));
        Assert.Equal(Count(formula, @"\lVert"), Count(formula, @"\rVert"));
    }

    [Fact]
    public void No_formula_is_torn_apart_by_markdown() =>
        Assert.All(
            Pages.Select(PageTests.Read),
            page =>
            {
                var rest = Within().Replace(Fenced().Replace(page, ""), "");
                Assert.DoesNotContain("$", rest, StringComparison.Ordinal);
                Assert.All(
                    Within().Matches(page),
                    formula => Assert.DoesNotContain("|", formula.Value, StringComparison.Ordinal)
                );
            }
        );

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    [GeneratedRegex(@"^```math\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Shown();

    [GeneratedRegex(@"\$`([^`\n]+)`\$")]
    private static partial Regex Within();

    [GeneratedRegex(@"^```.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fenced();

    [GeneratedRegex(@"\\([a-zA-Z]+)")]
    private static partial Regex Command();

    /// <summary>Braces that are shown rather than group.</summary>
    [GeneratedRegex(@"\\[{}]")]
    private static partial Regex Grouping();
}
