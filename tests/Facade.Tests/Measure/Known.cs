using TorchSharp;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Measure;

/// <summary>The batch of the reference values.</summary>
internal static class Known
{
    public static Tensor X =>
        tensor(
                Enumerable
                    .Range(0, 32)
                    .Select(place =>
                        Math.Sin(1 + 0.9 * (place / 4) + 1.7 * (place % 4) + 0.3 * (place / 4) * (place % 4))
                    )
                    .ToArray()
            )
            .reshape(8, 4);

    public static Tensor Y => tensor(new long[] { 0, 0, 0, 1, 1, 2, 2, 3 });

    public static double Number(Tensor scalar) => scalar.to(float64).item<double>();
}
