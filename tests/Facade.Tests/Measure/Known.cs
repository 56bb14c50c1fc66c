using TorchSharp;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Measure;

/// <summary>The batch and the reference set of the reference values.</summary>
internal static class Known
{
    public static Tensor X => Matrix(8, 4, (i, j) => Math.Sin(1 + 0.9 * i + 1.7 * j + 0.3 * i * j));

    public static Tensor Y => tensor(new long[] { 0, 0, 0, 1, 1, 2, 2, 3 });

    /// <summary>Weights of 4 classes and 4 dimensions.</summary>
    public static Tensor W => Matrix(4, 4, (i, j) => Math.Cos(0.4 + 1.3 * i + 0.6 * j + 0.5 * i * j));

    public static double Number(Tensor scalar) => scalar.to(float64).item<double>();

    private static Tensor Matrix(int rows, int columns, Func<int, int, double> entry) =>
        tensor(Enumerable.Range(0, rows * columns).Select(index => entry(index / columns, index % columns)).ToArray())
            .reshape(rows, columns);
}
