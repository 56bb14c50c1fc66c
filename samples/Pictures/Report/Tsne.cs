using static TorchSharp.torch;

namespace Pictures;

/// <summary>
/// t-SNE (van der Maaten and Hinton 2008, "Visualizing data using t-SNE"): places in the plane whose neighbourhoods are those of the
/// points. Exact, for some hundred points.
/// </summary>
internal static class Tsne
{
    private const double Perplexity = 12;
    private const int Iterations = 500;
    private const int Exaggerated = 120;

    /// <param name="points">(N × D), N of at least 3.</param>
    /// <returns>(N × 2), float64; the same points give the same places.</returns>
    public static Tensor Of(Tensor points)
    {
        using var scope = NewDisposeScope();
        using var nothing = no_grad();
        var count = points.size(0);
        var exact = points.cpu().to(float64);
        var probabilities = Joint(cdist(exact, exact).square(), Math.Min(Perplexity, (count - 1) / 3.0));
        var places = Projection.ToPlane(exact).Places;
        places = places / places.std() * 1e-2;
        var velocity = zeros_like(places);
        var self = eye(count, dtype: float64);
        var rate = Math.Max(50, count / 12.0);

        for (var iteration = 0; iteration < Iterations; iteration++)
        {
            using var inner = NewDisposeScope();
            var near = 1 / (1 + cdist(places, places).square()) - self;
            var strength = (iteration < Exaggerated ? 12 : 1) * probabilities - near / near.sum();
            var pull = strength * near;
            var gradient = 4 * (pull.sum(1, true) * places - pull.mm(places));
            velocity = (iteration < Exaggerated ? 0.5 : 0.8) * velocity - rate * gradient;
            places = places + velocity;
            (places, velocity) = (places.MoveToOuterDisposeScope(), velocity.MoveToOuterDisposeScope());
        }

        return places.MoveToOuterDisposeScope();
    }

    // How likely i and j choose each other as neighbours: Gaussians, each as wide as gives its point the perplexity.
    private static Tensor Joint(Tensor squares, double perplexity)
    {
        var count = squares.size(0);
        var others = 1 - eye(count, dtype: float64);
        var (low, high) = (
            full(count, 1, Math.Log(1e-3), dtype: float64),
            full(count, 1, Math.Log(1e6), dtype: float64)
        );
        var weights = others;

        for (var halving = 0; halving < 60; halving++)
        {
            var middle = (low + high) / 2;
            var shifted = squares - (squares + eye(count, dtype: float64) * 1e9).amin([1], true);
            weights = (-shifted * middle.exp()).exp() * others;
            weights = weights / weights.sum(1, true);
            var entropy = -(weights * weights.clamp_min(1e-300).log()).sum(1, true);
            var tooWide = entropy > Math.Log(perplexity);
            (low, high) = (where(tooWide, middle, low), where(tooWide, high, middle));
        }

        return (weights + weights.t()) / (2 * count);
    }
}
