using System.Reflection;
using System.Runtime.CompilerServices;
using MetricLearning.Tests;
using TorchSharp;
using Xunit.Sdk;

[assembly: Seeded]

namespace MetricLearning.Tests;

/// <summary>
/// Every test finds libtorch's generator at the same place, whichever ran before it: networks that nobody seeds start alike in
/// every run. It is put there after each test, not before: the constructor of a test's class draws from it already, and the
/// test must not draw the same again.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class SeededAttribute : BeforeAfterTestAttribute
{
    [ModuleInitializer]
    internal static void Seed() => torch.manual_seed(1);

    public override void After(MethodInfo methodUnderTest) => Seed();
}
