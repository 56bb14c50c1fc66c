using System.Reflection;
using System.Reflection.Emit;

namespace MetricLearning.Tests.Api;

/// <summary>What compiled code calls.</summary>
internal static class CallSites
{
    private const BindingFlags All =
        BindingFlags.Public
        | BindingFlags.NonPublic
        | BindingFlags.Static
        | BindingFlags.Instance
        | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    public static IEnumerable<MethodBase> MethodsOf(Assembly assembly) => assembly.GetTypes().SelectMany(MethodsOf);

    public static IEnumerable<MethodBase> MethodsOf(Type type) =>
        type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All));

    /// <summary>The methods that a method calls, constructs with or makes delegates of; generic ones as defined.</summary>
    public static HashSet<MethodBase> Of(MethodBase method)
    {
        var found = new HashSet<MethodBase>();
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        var at = 0;

        while (at < code.Length)
        {
            var operation = Codes[code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at]];
            at += operation.Size;

            if (operation.OperandType == OperandType.InlineMethod)
                found.Add(Definition(Named(method, BitConverter.ToInt32(code, at))));

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }

        return found;
    }

    private static MethodBase Named(MethodBase method, int token) =>
        method.Module.ResolveMethod(
            token,
            method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null,
            method.IsGenericMethod ? method.GetGenericArguments() : null
        )!;

    // A method of a constructed type, such as List<int>.Add, is that of List<T>.
    private static MethodBase Definition(MethodBase method) =>
        method.IsGenericMethod || method.DeclaringType is { IsGenericType: true }
            ? method.Module.ResolveMethod(method.MetadataToken)!
            : method;
}
