using MetricLearning;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Pictures;

/// <summary>The networks by name. A model's card holds what is needed to make them again.</summary>
/// <param name="Trunk">One of <see cref="Names"/>.</param>
/// <param name="Size">The height and width of pictures.</param>
internal sealed record Networks(string Trunk, int Size)
{
    /// <summary>The numbers of an embedding.</summary>
    public const int EmbeddingSize = 128;

    public static readonly string[] Names = ["small", "resnet18", "resnet50"];

    /// <summary>How pictures are read: as bytes, which the trunk's first layer normalizes on the device.</summary>
    public PictureFormat Format => new(Size, Size) { Numbers = PictureNumbers.Bytes, CacheBytes = 500_000_000 };

    /// <summary>The trunk and the embedder on top of it.</summary>
    /// <param name="device">Where they are to be.</param>
    /// <param name="weights">A file with weights of the trunk; null: random ones, by libtorch's generator.</param>
    public (Module<Tensor, Tensor> Trunk, Module<Tensor, Tensor> Embedder) Make(Device device, string? weights = null)
    {
        var (layers, features) = Trunk switch
        {
            "small" => (Small(), 256),
            "resnet18" => (Body(torchvision.models.resnet18()), 512),
            "resnet50" => (Body(torchvision.models.resnet50()), 2048),
            _ => throw new ArgumentException($"There is no trunk {Trunk}, but {string.Join(", ", Names)}."),
        };

        if (weights is not null)
            Console.WriteLine(
                PretrainedWeights.Load(layers, weights, rename: name => name.StartsWith("fc.") ? null : name)
            );

        // The means and deviations of ImageNet, for which weights of ResNets were trained.
        Module<Tensor, Tensor> normalization = new PictureNormalization([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
        return (
            Sequential(("normalization", normalization), ("layers", layers)).to(device),
            Linear(features, EmbeddingSize).to(device)
        );
    }

    /// <summary>What a saved model says of itself, as far as networks are made of it.</summary>
    public void WriteTo(IDictionary<string, string> card)
    {
        card["trunk"] = Trunk;
        card["size"] = $"{Size}";
    }

    /// <exception cref="InvalidDataException">The card is of another program's model.</exception>
    public static Networks ReadFrom(IReadOnlyDictionary<string, string> card) =>
        card.TryGetValue("trunk", out var trunk)
        && card.TryGetValue("size", out var text)
        && int.TryParse(text, out var size)
            ? new(trunk, size)
            : throw new InvalidDataException("The file is no model of samples/Pictures: its card names no trunk.");

    // Four convolutions, each seeing half as many points as the one before.
    private static Module<Tensor, Tensor> Small()
    {
        var layers = new List<(string, Module<Tensor, Tensor>)>();
        var channels = 3;
        foreach (var wider in new[] { 32, 64, 128, 256 })
        {
            var number = layers.Count / 4 + 1;
            layers.Add(($"conv{number}", Conv2d(channels, wider, 3, padding: 1, bias: false)));
            layers.Add(($"bn{number}", BatchNorm2d(wider)));
            layers.Add(($"relu{number}", ReLU()));
            layers.Add(($"pool{number}", wider == 256 ? AdaptiveAvgPool2d(1) : MaxPool2d(2)));
            channels = wider;
        }

        layers.Add(("flatten", Flatten()));
        return Sequential(layers);
    }

    // A network of TorchVision without its classifier, its layers under their own names: those of the weights that there are.
    private static Module<Tensor, Tensor> Body(Module network) =>
        Sequential(
            network
                .named_children()
                .Where(child => child.name != "fc")
                .Select(child => (child.name, (Module<Tensor, Tensor>)child.module))
                .Append(("flatten", Flatten()))
        );
}
