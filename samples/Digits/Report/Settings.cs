using TorchSharp;
using static System.Net.WebUtility;

namespace Digits;

/// <summary>What the run was made of, how to repeat it, and the numbers of each seed.</summary>
internal static class Settings
{
    public static string Render(Options options, IReadOnlyList<Run> runs)
    {
        var protocol = Protocols.Of(options);
        (string Name, string Value)[] rows =
        [
            .. protocol.Settings,
            ("Trunk", "64 → 128 → ReLU → 64 → ReLU"),
            ("Embedder", $"64 → {protocol.EmbeddingSize}"),
            ("Length", $"{options.Epochs} epochs, {runs[^1].Losses.Count:N0} iterations"),
            ("Loader workers", $"{options.Workers}"),
            ("Time", $"{runs.Average(run => run.Duration.TotalSeconds):0.0} s a run"),
            ("TorchSharp", typeof(torch).Assembly.GetName().Version!.ToString(3)),
        ];
        string[] command =
        [
            "dotnet run -c Release --project samples/Digits --",
            $"--trainer {options.Trainer}",
            .. options.Loss is null ? Array.Empty<string>() : [$"--loss {options.Loss}"],
            $"--epochs {options.Epochs}",
            $"--seed {options.Seed}",
            $"--seeds {options.Seeds}",
            $"--workers {options.Workers}",
            .. options.Records is null ? Array.Empty<string>() : [$"--records {options.Records}"],
            .. options.EvaluateEvery == 0 ? Array.Empty<string>() : [$"--evaluate-every {options.EvaluateEvery}"],
        ];
        return $"""
            <dl>
            {string.Join(
                "\n",
                rows.Select(row =>
                    $"<div><dt>{HtmlEncode(row.Name)}</dt><dd>{HtmlEncode(row.Value)}</dd></div>"
                )
            )}
            </dl>
            <p>This command gives the same weights, bit for bit, on the same kind of machine:</p>
            <pre><code>{string.Join(" ", command.Select(part => $"<span>{part}</span>"))}</code></pre>
            {EachRun(runs)}
            """;
    }

    private static string EachRun(IReadOnlyList<Run> runs)
    {
        var rows = runs.Select(run =>
            $"<tr><th scope=\"row\">{run.Seed}</th><td>{run.Before.MapAtR:0.000}</td><td>{run.After.MapAtR:0.000}</td>"
            + $"<td>{run.After.RPrecision:0.000}</td><td>{run.After.PrecisionAt1:0.000}</td><td><code>{run.Weights[..8]}</code></td></tr>"
        );
        return $"""
            <div class="wide">
            <table>
            <caption>Each run. The last column begins the SHA-256 of its final weights.</caption>
            <thead><tr><th scope="col">Seed</th><th scope="col">MAP@R before</th><th scope="col">MAP@R</th><th scope="col">R-precision</th>
            <th scope="col">P@1</th><th scope="col">Weights</th></tr></thead>
            <tbody>
            {string.Join("\n", rows)}
            </tbody>
            </table>
            </div>
            """;
    }
}
