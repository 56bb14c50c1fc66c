using System.Reflection;
using System.Xml.Linq;
using Microsoft.FSharp.Core;
using Xunit;

namespace MetricLearning.Tests.Api;

/// <summary>
/// Every public type and member has a doc comment. The C# compiler sees to it for the facade; for the core this does.
/// </summary>
public sealed class DocumentationTests
{
    private static Dictionary<string, string> Comments(Assembly assembly)
    {
        var path = Path.ChangeExtension(assembly.Location, ".xml");
        Assert.True(File.Exists(path), $"{path} is missing: GenerateDocumentationFile is off.");

        return XDocument
            .Load(path)
            .Descendants("member")
            .GroupBy(member => WithoutArguments(member.Attribute("name")!.Value))
            .ToDictionary(
                group => group.Key,
                group => string.Concat(group.Select(member => member.Value.Trim() + member.Element("inheritdoc")))
            );
    }

    private static string WithoutArguments(string name) => name.Split('(')[0].Split("``")[0];

    private static string Name(MemberInfo member)
    {
        static string Of(Type type) => (type.FullName ?? type.Name).Replace('+', '.');

        return member switch
        {
            Type type => "T:" + Of(type),
            ConstructorInfo constructor => $"M:{Of(constructor.DeclaringType!)}.#ctor",
            MethodInfo method => $"M:{Of(method.DeclaringType!)}.{method.Name}",
            PropertyInfo property => $"P:{Of(property.DeclaringType!)}.{property.Name}",
            // The F# compiler writes literals down as properties.
            FieldInfo { IsLiteral: true, FieldType.IsEnum: false } literal =>
                $"P:{Of(literal.DeclaringType!)}.{literal.Name}",
            FieldInfo field => $"F:{Of(field.DeclaringType!)}.{field.Name}",
            _ => "E:" + member.Name,
        };
    }

    private static bool IsGenerated(MemberInfo member) =>
        member
            .GetCustomAttributes()
            .Any(attribute =>
                attribute
                    is System.Runtime.CompilerServices.CompilerGeneratedAttribute
                        or System.Diagnostics.DebuggerNonUserCodeAttribute
            )
        || member is MethodInfo { IsSpecialName: true } or FieldInfo { IsSpecialName: true }
        || IsOverride(member)
        || IsOfInterface(member)
        || member
            is MethodInfo { Name: "Equals" or "GetHashCode" or "CompareTo" or "ToString" or "Finalize" or "Dispose" };

    // The comment is the interface's.
    private static bool IsOfInterface(MemberInfo member) => member is MethodInfo && member.Name.Contains('.');

    // It does what the member that it overrides says.
    private static bool IsOverride(MemberInfo member) =>
        (member is PropertyInfo property ? property.GetMethod : member as MethodInfo) is { } method
        && method.GetBaseDefinition().DeclaringType != method.DeclaringType;

    private static CompilationMappingAttribute? Mapping(MemberInfo member) =>
        member.GetCustomAttributes<CompilationMappingAttribute>().FirstOrDefault();

    private static bool IsUnionPart(Type type) =>
        type is { IsNested: true }
        && Mapping(type.DeclaringType!)?.SourceConstructFlags is SourceConstructFlags.SumType;

    // Of a union and a record the compiler makes constructors and tests; the user writes cases and fields.
    private static IEnumerable<MemberInfo> Written(Type type)
    {
        var kind = Mapping(type)?.SourceConstructFlags & SourceConstructFlags.KindMask;
        var members = PublicTypes.Members(type).Where(member => member is not Type && !IsGenerated(member));

        return kind switch
        {
            SourceConstructFlags.SumType => members.Where(member => Mapping(member) is null && member is MethodInfo),
            SourceConstructFlags.RecordType => members.Where(member => member is not ConstructorInfo),
            SourceConstructFlags.ObjectType => members.Where(member => member is not ConstructorInfo),
            _ => members,
        };
    }

    // The compiler of C# sees to the facade.
    [Fact]
    public void Everything_public_in_FSharp_is_documented()
    {
        Assembly[] assemblies = [PublicTypes.Core, PublicTypes.Approximate];
        var comments = assemblies.SelectMany(Comments).DistinctBy(one => one.Key).ToDictionary();
        var silent = assemblies
            .SelectMany(one => one.GetExportedTypes())
            .Where(type => !IsUnionPart(type) && !IsGenerated(type))
            .SelectMany(type => Written(type).Prepend(type))
            .Where(member => !comments.TryGetValue(WithoutArguments(Name(member)), out var text) || text.Length == 0)
            .Select(Name)
            .Distinct()
            .ToArray();

        Assert.True(silent.Length == 0, $"{silent.Length} without a doc comment:\n" + string.Join("\n", silent));
    }

    [Fact]
    public void The_facade_ships_its_comments() => Assert.NotEmpty(Comments(PublicTypes.Facade));
}
