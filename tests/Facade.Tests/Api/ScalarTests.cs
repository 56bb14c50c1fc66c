using System.Reflection;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Api;

/// <summary>
/// TorchSharp hands libtorch the address of a <see cref="Scalar"/> and lets the garbage collector free it meanwhile: now and
/// then a wrong number. Our code asks <c>Numeric</c> for numbers, which keeps them.
/// </summary>
public sealed class ScalarTests
{
    private static readonly HashSet<MethodBase> MakersOfScalars = FindMakersOfScalars();

    // All of TorchSharp that makes a Scalar, itself or by what it calls.
    private static HashSet<MethodBase> FindMakersOfScalars()
    {
        var calls = CallSites
            .MethodsOf(typeof(Scalar).Assembly)
            .Where(method => method is not ConstructorInfo { IsStatic: true })
            .Select(method => (method, called: CallSites.Of(method)))
            .ToArray();
        var makers = CallSites
            .MethodsOf(typeof(Scalar))
            .Where(method => method.IsConstructor || method.Name == "op_Implicit")
            .ToHashSet();
        int before;

        do
        {
            before = makers.Count;
            makers.UnionWith(calls.Where(it => it.called.Overlaps(makers)).Select(it => it.method));
        } while (makers.Count > before);

        // Our messages show a tensor's form only, and our scripts take and give tensors: no number is read.
        makers.RemoveWhere(method =>
            method.Name == nameof(Tensor.ToString)
            || (method.Name == "call" && method.DeclaringType!.Name.StartsWith("ScriptModule"))
        );
        return makers;
    }

    private static string[] Offences(IEnumerable<MethodBase> methods) =>
        [
            .. from method in methods
            from called in CallSites.Of(method)
            where MakersOfScalars.Contains(called)
            select $"{method.DeclaringType}.{method.Name} calls {called.DeclaringType}.{called}",
        ];

    private static bool KeepsNumbers(MethodBase method) =>
        method.DeclaringType is { } type && (type.DeclaringType ?? type).Name == "Numeric";

    [Fact]
    public void No_number_for_libtorch_is_left_to_the_garbage_collector() =>
        Assert.Empty(Offences(PublicTypes.All.SelectMany(CallSites.MethodsOf).Where(method => !KeepsNumbers(method))));

    [Fact]
    public void Seen_to_fail()
    {
        var offences = Offences(CallSites.MethodsOf(typeof(Careless)));

        foreach (var method in CallSites.MethodsOf(typeof(Careless)).Where(it => !it.IsConstructor))
            Assert.Contains(offences, it => it.Contains($".{method.Name} calls"));
    }

    private static class Careless
    {
        public static Tensor Number(Tensor x) => x + 1.5;

        public static Tensor OtherSide(Tensor x) => 1 - x;

        public static Tensor Sum(Tensor x) => x + x;

        public static Tensor Square(Tensor x) => x.square();

        public static Tensor Argument(Tensor x) => x.gt(0);

        public static Tensor Norm(Tensor x) => linalg.vector_norm(x);

        public static long Read(Tensor x) => x.ToInt64();
    }
}
