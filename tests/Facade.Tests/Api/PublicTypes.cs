using System.Reflection;

namespace MetricLearning.Tests.Api;

/// <summary>The facade's public types, and those of the core that their signatures reach.</summary>
internal static class PublicTypes
{
    private const BindingFlags Declared =
        BindingFlags.Public
        | BindingFlags.NonPublic
        | BindingFlags.Instance
        | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    public static Assembly Facade => typeof(BaseTrainer).Assembly;
    public static Assembly Core => typeof(Loss).Assembly;
    public static Assembly Approximate => typeof(ApproximateSearch).Assembly;

    /// <summary>All that users may have.</summary>
    public static IReadOnlyList<Assembly> All => [Core, Facade, Approximate];

    public static IEnumerable<MemberInfo> Members(Type type) => type.GetMembers(Declared).Where(IsVisible);

    /// <summary>All types of a member's signature, the arguments of generic types included.</summary>
    public static IEnumerable<Type> Signature(MemberInfo member) =>
        member switch
        {
            ConstructorInfo constructor => constructor.GetParameters().SelectMany(one => Parts(one.ParameterType)),
            MethodInfo method =>
            [
                .. Parts(method.ReturnType),
                .. method.GetParameters().SelectMany(one => Parts(one.ParameterType)),
                .. method
                    .GetGenericArguments()
                    .SelectMany(one => one.GetGenericParameterConstraints().SelectMany(Parts)),
            ],
            PropertyInfo property => Parts(property.PropertyType),
            FieldInfo field => Parts(field.FieldType),
            EventInfo raised => Parts(raised.EventHandlerType!),
            Type nested => Inheritance(nested),
            _ => [],
        };

    public static IEnumerable<Type> Inheritance(Type type) =>
        [.. type.BaseType is { } parent ? Parts(parent) : [], .. type.GetInterfaces().SelectMany(Parts)];

    /// <summary>
    /// From the facade, and what the core has for both languages, over every signature into the core, and from every base there to its parts, but not past the progress and the vectors of a state, which are for F#.
    /// </summary>
    public static IReadOnlyList<Type> Reached()
    {
        var seen = new HashSet<Type>();
        var open = new Queue<Type>([
            .. Facade.GetExportedTypes(),
            .. OfCore().Where(type => type.Namespace == nameof(MetricLearning)),
        ]);

        while (open.TryDequeue(out var type))
        {
            if (!seen.Add(type))
            {
                continue;
            }

            foreach (
                var next in Inheritance(type)
                    .Concat(OfCore().Where(part => part.BaseType == type && type.Assembly == Core))
                    .Concat(Members(type).SelectMany(Signature))
                    .Select(part => part.IsGenericType ? part.GetGenericTypeDefinition() : part)
                    .Where(part => part.Assembly == Core || part.Assembly == Facade)
                    .Where(part =>
                        part != typeof(global::MetricLearning.Core.Progress)
                        && part != typeof(global::MetricLearning.Core.Learned)
                    )
            )
            {
                open.Enqueue(next);
            }
        }

        return [.. seen.OrderBy(type => type.FullName, StringComparer.Ordinal)];
    }

    /// <summary>Losses, miners and the like, which no signature of the facade names.</summary>
    private static IEnumerable<Type> OfCore() => Core.GetExportedTypes().Where(type => !type.IsNested);

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsGenericType ? [type, .. type.GetGenericArguments().SelectMany(Parts)]
        : [type];

    private static bool IsVisible(MemberInfo member) =>
        member switch
        {
            MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
            PropertyInfo property => property.GetAccessors(true).Any(IsVisible),
            FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
            EventInfo raised => IsVisible(raised.AddMethod!),
            Type nested => nested.IsNestedPublic || nested.IsNestedFamily,
            _ => false,
        };
}
