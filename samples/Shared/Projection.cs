using TorchSharp;
using static TorchSharp.torch;

namespace Samples;

/// <summary>Principal component analysis: the plane in which points differ most.</summary>
internal static class Projection
{
    /// <summary>The points' places in that plane (N × 2), and how much of their variance it holds (0 … 1).</summary>
    /// <param name="points">(N × D), D ≥ 2</param>
    public static (Tensor Places, double Variance) ToPlane(Tensor points)
    {
        using var scope = NewDisposeScope();
        var exact = points.to(ScalarType.Float64);
        var centred = exact - exact.mean([0], true);
        var (variances, axes) = linalg.eigh(centred.t().mm(centred)); // ascending
        var plane = axes[.., ^2..].flip(1);

        // An axis may point either way; let its largest part be positive, so that the same points give the same picture.
        var largest = plane.gather(0, plane.abs().argmax(0, true));
        var variance = (variances[^2..].sum() / variances.sum()).ToDouble();
        return (centred.mm(plane * largest.sign()).MoveToOuterDisposeScope(), variance);
    }
}
