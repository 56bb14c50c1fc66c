using Xunit;

namespace MetricLearning.Tests.Api;

public sealed class NamespaceTests
{
    // Each of these is to become one type, used from both languages. The list only shrinks.
    private static readonly string[] StillTwice = ["TripletMarginLoss"];

    // Each of these is to lose its F# types, or its place in this namespace. The list only shrinks.
    private static readonly string[] StillWithFSharp =
    [
        "MetricLearning.ClassSoftmax",
        "MetricLearning.LossSettingsModule",
        "MetricLearning.TuplesModule",
    ];

    // Each of these is to join one of the two. The list only shrinks.
    private static readonly string[] StillApart = ["MetricLearning.Core.Records"];

    private static IEnumerable<Type> Exported =>
        PublicTypes.Core.GetExportedTypes().Concat(PublicTypes.Facade.GetExportedTypes());

    [Fact]
    public void No_name_of_a_public_type_stands_twice()
    {
        var twice = Exported
            .Where(type => !type.IsNested)
            .GroupBy(type => type.Name)
            .Where(same => same.Count() > 1)
            .Select(same => same.Key);
        Assert.Empty(twice.Except(StillTwice));
    }

    [Fact]
    public void The_namespace_of_both_languages_has_no_types_of_FSharp_in_its_signatures()
    {
        var leaks = Exported
            .Where(type => type.Namespace == "MetricLearning" && SignatureTests.Leaks(type).Any())
            .Select(type => type.FullName!);
        Assert.Empty(leaks.Except(StillWithFSharp));
    }

    [Fact]
    public void There_are_two_namespaces()
    {
        var others = Exported
            .Select(type => type.Namespace!)
            .Except(["MetricLearning", "MetricLearning.Core", .. StillApart]);
        Assert.Empty(others);
    }
}
