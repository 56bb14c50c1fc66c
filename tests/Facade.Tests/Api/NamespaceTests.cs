using Xunit;

namespace MetricLearning.Tests.Api;

public sealed class NamespaceTests
{
    private static IEnumerable<Type> Exported => PublicTypes.All.SelectMany(one => one.GetExportedTypes());

    [Fact]
    public void No_name_of_a_public_type_stands_twice()
    {
        var twice = Exported
            .Where(type => !type.IsNested)
            .GroupBy(type => type.Name)
            .Where(same => same.Count() > 1)
            .Select(same => same.Key);
        Assert.Empty(twice);
    }

    [Fact]
    public void The_namespace_of_both_languages_has_no_types_of_FSharp_in_its_signatures()
    {
        var leaks = Exported
            .Where(type => type.Namespace == "MetricLearning" && SignatureTests.Leaks(type).Any())
            .Select(type => type.FullName!);
        Assert.Empty(leaks);
    }

    [Fact]
    public void There_are_two_namespaces()
    {
        var others = Exported.Select(type => type.Namespace!).Except(["MetricLearning", "MetricLearning.Core"]);
        Assert.Empty(others);
    }
}
