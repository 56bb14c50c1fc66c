using System.IO.Compression;
using TorchSharp;
using static TorchSharp.torch;

namespace Digits;

/// <summary>Pictures of handwritten digits and what they show.</summary>
/// <param name="Pictures">(N × 64), float32, 0 = paper … 1 = ink, the 8 × 8 pixels line by line.</param>
/// <param name="Labels">(N), int64, 0 … 9.</param>
internal sealed record DigitSet(Tensor Pictures, Tensor Labels)
{
    public long Count => Labels.size(0);
}

/// <summary>The bundled data: 1,797 digits, 1,078 of them to train on and 719 to test with (samples/data/README.md).</summary>
internal sealed record DigitsData(DigitSet Train, DigitSet Test)
{
    private const float Ink = 16;

    /// <summary>Reads the copy beside the program, so that it runs from any working directory.</summary>
    public static DigitsData Load()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "data");
        using var file = File.OpenRead(Path.Combine(folder, "digits.csv.gz"));
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        var rows = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var parts = File.ReadAllLines(Path.Combine(folder, "digits-split.txt"));

        DigitSet Part(string name)
        {
            var numbers = rows.Zip(parts)
                .Where(row => row.Second == name)
                .Select(row => Array.ConvertAll(row.First.Split(','), long.Parse))
                .ToArray();
            return new(
                tensor(numbers.SelectMany(row => row[..^1]).Select(ink => ink / Ink).ToArray()).reshape(-1, 64),
                tensor(numbers.Select(row => row[^1]).ToArray())
            );
        }
        return new(Part("train"), Part("test"));
    }
}
