using System.Reflection;
using Xunit;

namespace MetricLearning.Tests.Api;

public sealed class SignatureTests
{
    // F# unions and records are plain classes to C#; what the compiler adds to them for F# code is not for C# to call.
    private static bool IsForFSharpOnly(MemberInfo member) =>
        member
            .GetCustomAttributes()
            .Any(attribute => attribute is System.Runtime.CompilerServices.CompilerGeneratedAttribute)
        || member.DeclaringType!.GetInterfaces().Any(IsStructural)
            && member.Name is "Equals" or "GetHashCode" or "CompareTo";

    private static bool IsStructural(Type type) => type.Namespace == "System.Collections";

    private static bool IsFSharp(Type type) =>
        type.FullName?.StartsWith("Microsoft.FSharp", StringComparison.Ordinal) is true;

    /// <summary>The members of a type, and its bases, in which C# would meet a type of F#.</summary>
    public static IEnumerable<string> Leaks(Type type) =>
        PublicTypes
            .Members(type)
            .Where(member => !IsForFSharpOnly(member))
            .Where(member => PublicTypes.Signature(member).Any(IsFSharp))
            .Select(member => $"{type.FullName}.{member}")
            .Concat(PublicTypes.Inheritance(type).Where(IsFSharp).Select(part => $"{type.FullName} : {part}"));

    [Fact]
    public void No_type_of_FSharp_is_in_a_public_signature()
    {
        var reached = PublicTypes.Reached();
        var leaks = reached.SelectMany(Leaks).ToArray();

        Assert.True(
            leaks.Length == 0,
            "F# types in public signatures; give C# a sequence, an array, a delegate or null instead:\n"
                + string.Join("\n", leaks)
        );
    }

    [Fact]
    public void The_walk_finds_FSharp_types_where_they_are()
    {
        var progress = PublicTypes.Members(typeof(Core.Progress)).SelectMany(PublicTypes.Signature);
        Assert.Contains(progress, IsFSharp);
        Assert.Contains(typeof(Loss), PublicTypes.Reached());
        Assert.Contains(typeof(MetricInput), PublicTypes.Reached());
        Assert.True(PublicTypes.Reached().Count > PublicTypes.Facade.GetExportedTypes().Length);
    }

    [Fact]
    public void Signatures_say_what_may_be_null()
    {
        var context = new NullabilityInfoContext();
        var silent = PublicTypes
            .Reached()
            .SelectMany(type => PublicTypes.Members(type).Where(member => !IsForFSharpOnly(member)))
            .Where(member =>
                member switch
                {
                    PropertyInfo property => !property.PropertyType.IsValueType
                        && !property.PropertyType.IsGenericParameter
                        && context.Create(property).ReadState == NullabilityState.Unknown,
                    MethodBase method => method
                        .GetParameters()
                        .Any(parameter =>
                            !parameter.ParameterType.IsValueType
                            && !parameter.ParameterType.IsGenericParameter
                            && !parameter.ParameterType.IsByRef
                            && context.Create(parameter).ReadState == NullabilityState.Unknown
                        ),
                    _ => false,
                }
            )
            .Select(member => $"{member.DeclaringType!.FullName}.{member}")
            .ToArray();

        Assert.True(silent.Length == 0, "No nullable annotation:\n" + string.Join("\n", silent));
    }

    [Fact]
    public void Classes_are_abstract_or_sealed()
    {
        var open = PublicTypes
            .Facade.GetExportedTypes()
            .Where(type => type.IsClass && type is { IsAbstract: false, IsSealed: false })
            .Select(type => type.FullName)
            .ToArray();
        Assert.Empty(open);
    }
}
