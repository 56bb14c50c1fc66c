using System.Text;

namespace Samples;

/// <summary>The total loss of every iteration, and its mean over each epoch.</summary>
/// <remarks>The lines stretch with the page, the words beside them keep their size: the chart reads well on a phone.</remarks>
internal static class LossChart
{
    private const double Width = 1000;
    private const double Height = 300;
    private const int MostDots = 40;

    public static string Render(IReadOnlyList<double> losses, int epochs)
    {
        var step = NiceStep(losses.Max() / 4);
        var top = Math.Max(step, Math.Ceiling(losses.Max() / step) * step);
        var perEpoch = losses.Count / epochs;
        var means = losses.Chunk(perEpoch).Select(epoch => epoch.Average()).ToList();

        var (first, last) = ($"{means[0]:0.####}", $"{means[^1]:0.####}");

        double X(double iteration) => Width * iteration / losses.Count;
        double Y(double loss) => Height * (1 - loss / top);
        string Line(IEnumerable<(double Iteration, double Loss)> points) =>
            new StringBuilder("M")
                .AppendJoin(' ', points.Select(p => $"{X(p.Iteration):0.#},{Y(p.Loss):0.#}"))
                .ToString();

        var iterations = Line(losses.Select((loss, iteration) => (iteration + 0.5, loss)));
        var averages = means.Select((mean, epoch) => ((epoch + 0.5) * perEpoch, mean)).ToList();
        var dots = epochs > MostDots ? "" : string.Concat(averages.Select(point => Line([point]) + "h0"));

        var levels = Enumerable.Range(0, (int)Math.Round(top / step) + 1).Select(i => i * step).ToList();
        var grid = string.Concat(levels.Select(level => $"M0,{Y(level):0.#}H{Width}"));
        var digits = Math.Max(0, (int)Math.Ceiling(-Math.Log10(step) - 1e-9));
        var yLabels = levels.Select(level =>
            $"<span style=\"top:{Y(level) / Height:0.0%}\">{level.ToString($"F{digits}")}</span>"
        );
        var everySoMany = (int)Math.Max(1, NiceStep(epochs / 10.0));
        var xLabels = Enumerable
            .Range(1, epochs)
            .Where(epoch => epoch % everySoMany == 0 || epochs <= 10)
            .Select(epoch => $"<span style=\"left:{(epoch - 0.5) / epochs:0.0%}\">{epoch}</span>");

        return $"""
            <figure>
            <div class="chart">
            <div class="levels" aria-hidden="true">{string.Concat(yLabels)}</div>
            <svg viewBox="0 0 {Width} {Height}" preserveAspectRatio="none" role="img" aria-labelledby="loss-title loss-desc">
            <title id="loss-title">Total loss by iteration</title>
            <desc id="loss-desc">The mean loss is {first} in the first epoch and {last} in the last of {epochs}.</desc>
            <path class="grid" d="{grid}"/>
            <path class="iterations" d="{iterations}"/>
            <path class="means" d="{Line(averages)}"/>
            <path class="dots" d="{dots}"/>
            </svg>
            <div class="epochs" aria-hidden="true">{string.Concat(xLabels)}</div>
            </div>
            <figcaption>Epoch. The thin line is every iteration, the bold one the mean of each epoch: {first} in the
            first, {last} in the last.</figcaption>
            </figure>
            """;
    }

    /// <summary>1, 2 or 5 times a power of ten, at least <paramref name="rough"/>.</summary>
    private static double NiceStep(double rough)
    {
        if (!(rough > 0) || double.IsInfinity(rough))
            return 1;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return new[] { 1, 2, 5, 10 }.Select(times => times * power).First(step => step >= rough * (1 - 1e-9));
    }
}
