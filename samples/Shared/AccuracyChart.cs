using System.Text;

namespace Samples;

/// <summary>The recorded accuracies by epoch, on a scale from 0 to 1.</summary>
internal static class AccuracyChart
{
    private const double Width = 1000;
    private const double Height = 300;

    public static string Render(AccuracyHistory history, int epochs)
    {
        double X(double epoch) => Width * (epoch - 0.5) / epochs;
        double Y(double accuracy) => Height * (1 - accuracy);

        string Path(IReadOnlyList<double> values) =>
            new StringBuilder("M")
                .AppendJoin(' ', history.Epochs.Zip(values, (epoch, value) => $"{X(epoch):0.#},{Y(value):0.#}"))
                .ToString();

        string Dots(IReadOnlyList<double> values) =>
            string.Concat(history.Epochs.Zip(values, (epoch, value) => $"M{X(epoch):0.#},{Y(value):0.#}h0"));

        double[] levels = [0, 0.25, 0.5, 0.75, 1];
        var grid = string.Concat(levels.Select(level => $"M0,{Y(level):0.#}H{Width}"));
        var yLabels = levels.Select(level => $"<span style=\"top:{Y(level) / Height:0.0%}\">{level:0.##}</span>");
        var everySoMany = (int)Math.Ceiling(epochs / 10.0);
        var xLabels = Enumerable
            .Range(1, epochs)
            .Where(epoch => epoch % everySoMany == 0)
            .Select(epoch => $"<span style=\"left:{(epoch - 0.5) / epochs:0.0%}\">{epoch}</span>");
        var lines = history.Lines.Select(
            (line, number) =>
                $"<path class=\"accuracy a{number}\" d=\"{Path(line.Values)}\"/><path class=\"dots a{number}\" d=\"{Dots(line.Values)}\"/>"
        );
        var words = string.Join(", ", history.Lines.Select(line => $"{line.Name} {line.Values[^1]:0.000}"));
        var legend = history.Lines.Select(
            (line, number) => $"<span><i class=\"stroke a{number}\"></i>{line.Name}</span>"
        );

        return $"""
            <figure>
            <div class="chart">
            <div class="levels" aria-hidden="true">{string.Concat(yLabels)}</div>
            <svg viewBox="0 0 {Width} {Height}" preserveAspectRatio="none" role="img" aria-labelledby="accuracy-title accuracy-desc">
            <title id="accuracy-title">Accuracies of the test pictures by epoch</title>
            <desc id="accuracy-desc">After epoch {history.Epochs[^1]}: {words}.</desc>
            <path class="grid" d="{grid}"/>
            {string.Concat(lines)}
            </svg>
            <div class="epochs" aria-hidden="true">{string.Concat(xLabels)}</div>
            </div>
            <figcaption>Epoch. After epoch {history.Epochs[^1]}: {words}.</figcaption>
            <p class="legend">{string.Concat(legend)}</p>
            </figure>
            """;
    }
}
