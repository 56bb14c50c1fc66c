using System.Linq.Expressions;
using System.Reflection;
using MetricLearning.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Api;

/// <summary>A right argument of any type of the public API.</summary>
internal static class Samples
{
    /// <summary>A value of a type, for a parameter of a name; null if there is none.</summary>
    public static object? Of(Type type, string name = "", int depth = 0)
    {
        if (Nullable.GetUnderlyingType(type) is not null || depth > 4)
        {
            return null;
        }

        if (type == typeof(Tensor))
        {
            return name.Contains("label", StringComparison.OrdinalIgnoreCase) ? tensor(new long[] { 0, 0, 1, 1 })
                : name is "anchors" or "others" or "positives" or "negatives" or "samples" ? arange(4)
                : name == "values" ? rand(4)
                : name is "value" or "divisor" ? tensor(1.0)
                : name == "mask" ? ones(4, 2, dtype: ScalarType.Bool)
                : rand(4, 2);
        }

        if (MadeSamples.ByType.TryGetValue(type, out var make))
        {
            return make();
        }

        if (type == typeof(int) || type == typeof(long))
        {
            return Convert.ChangeType(2, type);
        }

        if (type == typeof(double))
        {
            return 0.5;
        }

        if (type.IsValueType)
        {
            return Activator.CreateInstance(type);
        }

        if (type.IsArray)
        {
            var items = Array.CreateInstance(type.GetElementType()!, 1);
            items.SetValue(Of(type.GetElementType()!, name, depth + 1), 0);
            return items;
        }

        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return Function(type, depth);
        }

        if (type.IsInterface && type.GenericTypeArguments is [var one])
        {
            return Of(one.MakeArrayType(), name, depth);
        }

        if (type.IsGenericType && type.GenericTypeArguments is [var key, var value] && key == typeof(string))
        {
            var entries = (System.Collections.IDictionary)
                Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(key, value))!;
            entries["a"] = Of(value, name, depth + 1);
            return type.IsInstanceOfType(entries) ? entries : null;
        }

        return Construct(type, depth);
    }

    private static object? Construct(Type type, int depth)
    {
        if (type.IsAbstract)
        {
            return type
                .Assembly.GetExportedTypes()
                .Where(found => found.IsSubclassOf(type) && !found.IsAbstract)
                .OrderBy(found => found.Name, StringComparer.Ordinal)
                .Select(found => Of(found, "", depth + 1))
                .FirstOrDefault(made => made is not null);
        }

        foreach (var constructor in type.GetConstructors().OrderBy(one => one.GetParameters().Length))
        {
            try
            {
                return constructor.Invoke([.. constructor.GetParameters().Select(one => Argument(one, depth + 1))]);
            }
            catch (TargetInvocationException)
            {
                // The next one may do.
            }
        }

        return null;
    }

    /// <summary>A right argument for a parameter: its default, where it has one.</summary>
    public static object? Argument(ParameterInfo parameter, int depth = 0) =>
        parameter.HasDefaultValue ? parameter.DefaultValue : Of(parameter.ParameterType, parameter.Name ?? "", depth);

    private static Delegate Function(Type type, int depth)
    {
        var invoke = type.GetMethod("Invoke")!;
        Expression body =
            invoke.ReturnType == typeof(void) ? Expression.Empty()
            : Of(invoke.ReturnType, "", depth + 1) is { } given ? Expression.Constant(given, invoke.ReturnType)
            : Expression.Default(invoke.ReturnType);

        return Expression
            .Lambda(type, body, invoke.GetParameters().Select(one => Expression.Parameter(one.ParameterType)))
            .Compile();
    }
}
