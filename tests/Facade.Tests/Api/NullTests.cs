using System.Reflection;
using Microsoft.FSharp.Core;
using TorchSharp;
using Xunit;

namespace MetricLearning.Tests.Api;

/// <summary>Null is refused by the name of the argument, wherever a type does not allow it.</summary>
public sealed class NullTests
{
    private const BindingFlags Own =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    private static SourceConstructFlags Construct(Type type) =>
        type.GetCustomAttributes<CompilationMappingAttribute>()
            .Select(one => one.SourceConstructFlags & SourceConstructFlags.KindMask)
            .FirstOrDefault();

    /// <summary>Modules of F# are called from F# alone, where the compiler refuses null.</summary>
    private static bool IsOfBothLanguages(Type type) =>
        type.Namespace == "MetricLearning"
        && !type.ContainsGenericParameters
        && Construct(type) is not SourceConstructFlags.Module;

    /// <summary>The compiler writes how records and unions of F# are made. What takes them looks at what they hold.</summary>
    private static bool IsPlain(Type type) =>
        Construct(type) is SourceConstructFlags.RecordType or SourceConstructFlags.SumType;

    /// <summary>
    /// What a part of a user&#39;s own implements. Its base class calls it, with arguments that were checked; nothing but the language makes it
    /// public, because F# has no protected members.
    /// </summary>
    private static bool IsFormula(MethodInfo method) =>
        method.IsVirtual
        && method.GetBaseDefinition().DeclaringType is { } part
        && (part.IsAssignableTo(typeof(MetricPart)) || part.IsAssignableTo(typeof(LossTraits)));

    /// <summary>What a class of a user&#39;s own implements; elements are made by the library alone.</summary>
    private static bool IsOpen(MethodInfo method) => method.IsAbstract && method.DeclaringType != typeof(LossElements);

    // Equality with null is false.
    private static bool IsOfObject(MethodInfo method) =>
        method.Name is "Equals" or "GetHashCode" or "op_Equality" or "op_Inequality";

    /// <summary>What needs a file from elsewhere, or none of whose members takes what a caller makes.</summary>
    private static readonly Type[] WithoutSample = [typeof(PickledTensors), typeof(ScriptTrunk)];

    private static IEnumerable<MethodBase> Calls(Type type) =>
        [
            .. type.IsAbstract || IsPlain(type) ? [] : type.GetConstructors(),
            .. type.GetMethods(Own)
                .Where(one =>
                    !one.ContainsGenericParameters
                    && !IsFormula(one)
                    && !IsOpen(one)
                    && !IsOfObject(one)
                    && !(IsPlain(type) && one.Name.StartsWith("New", StringComparison.Ordinal))
                ),
        ];

    private static IEnumerable<(MethodBase Call, ParameterInfo Parameter)> NonNullable() =>
        from type in PublicTypes.All.SelectMany(one => one.GetExportedTypes())
        where IsOfBothLanguages(type)
        from call in Calls(type)
        where call.IsStatic || call.IsConstructor || !WithoutSample.Contains(type)
        from parameter in call.GetParameters()
        where
            !parameter.ParameterType.IsValueType
            && !parameter.ParameterType.IsByRef
            && !parameter.HasDefaultValue
            && Nullability.Create(parameter).WriteState == NullabilityState.NotNull
        select (call, parameter);

    private static string? Mistake(MethodBase call, ParameterInfo parameter)
    {
        using var scope = torch.NewDisposeScope();
        var title = $"{call.DeclaringType!.Name}.{call.Name}({parameter.Name})";
        var target = call.IsStatic || call.IsConstructor ? null : Samples.Of(call.DeclaringType!);

        if (target is null && !call.IsStatic && !call.IsConstructor)
        {
            return $"{title}: no sample";
        }

        var arguments = call.GetParameters().Select(one => one == parameter ? null : Samples.Argument(one)).ToArray();
        var isSetter = call.IsSpecialName && !call.IsConstructor;

        try
        {
            _ = call is ConstructorInfo constructor ? constructor.Invoke(arguments) : call.Invoke(target, arguments);
            // Options are looked at all together, when something is made of them.
            return isSetter ? null : $"{title}: no error";
        }
        catch (TargetInvocationException error)
        {
            return
                error.InnerException is ArgumentException refused && (isSetter || refused.ParamName == parameter.Name)
                ? null
                : $"{title}: {error.InnerException}";
        }
    }

    [Fact]
    public void Every_member_refuses_null_by_name()
    {
        var asked = NonNullable().ToArray();
        var mistakes = asked.Select(one => Mistake(one.Call, one.Parameter)).OfType<string>().ToArray();
        Assert.True(asked.Length > 350, $"only {asked.Length} parameters are asked about");
        Assert.True(mistakes.Length == 0, $"{mistakes.Length} of {asked.Length}\n{string.Join("\n", mistakes)}");
    }
}
