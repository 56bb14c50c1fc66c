using System.Security.Cryptography;
using MetricLearning;
using Pictures;
using TorchSharp;

namespace PictureService.Model;

/// <summary>A saved model, ready for pictures.</summary>
/// <param name="Format">How pictures are read for it.</param>
/// <param name="Dimensions">The numbers of an embedding.</param>
/// <param name="Fingerprint">Differs between files of models.</param>
internal sealed record ServedModel(InferenceModel Model, PictureFormat Format, int Dimensions, string Fingerprint)
    : IDisposable
{
    /// <summary>Reads a file that samples/Pictures has written.</summary>
    /// <param name="maxPixels">Pictures with more pixels are refused before they are decoded.</param>
    /// <exception cref="IOException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or no model.</exception>
    /// <exception cref="ArgumentException">It is a model of other networks, or its threshold is of another distance.</exception>
    public static ServedModel Open(string path, torch.Device device, long maxPixels)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException(
                $"There is no model {path}: train one with samples/Pictures, or name another file by --model."
            );

        var networks = Networks.ReadFrom(InferenceModel.ReadCard(path));
        var (trunk, embedder) = networks.Make(device);
        trunk.eval();
        embedder.eval();
        var model = new InferenceModel(trunk, embedder, new MatchFinder(new MetricLearning.CosineSimilarity()));
        model.Load(path);
        var format = networks.Format;
        format.MaxPixels = maxPixels;
        using var file = File.OpenRead(path);
        return new(model, format, Networks.EmbeddingSize, Convert.ToHexStringLower(SHA256.HashData(file))[..16]);
    }

    /// <summary>The largest cosine distance of pictures of one class; null if none was found in training.</summary>
    public double? Threshold => 1 - Model.MatchFinder.Threshold;

    /// <summary>Frees the networks.</summary>
    public void Dispose()
    {
        Model.Dispose();
        Model.Trunk.Dispose();
        Model.Embedder?.Dispose();
    }
}
