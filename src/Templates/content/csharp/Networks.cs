using MetricLearning;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

/// <summary>The networks, and how pictures are read for them. What was trained with these is served with these.</summary>
internal static class Networks
{
    public static readonly PictureFormat Format = new(48, 48)
    {
        Numbers = PictureNumbers.Bytes,
        CacheBytes = 500_000_000,
    };

    public static (Module<Tensor, Tensor> Trunk, Module<Tensor, Tensor> Embedder) Make()
    {
        Module<Tensor, Tensor> Layer(int channels, int wider, Module<Tensor, Tensor> pool) =>
            Sequential(Conv2d(channels, wider, 3, padding: 1, bias: false), BatchNorm2d(wider), ReLU(), pool);

        var trunk = Sequential(
            new PictureNormalization([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            Layer(3, 32, MaxPool2d(2)),
            Layer(32, 64, MaxPool2d(2)),
            Layer(64, 128, MaxPool2d(2)),
            Layer(128, 256, AdaptiveAvgPool2d(1)),
            Flatten()
        );
        return (trunk, Linear(256, 128));
    }
}
