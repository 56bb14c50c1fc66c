using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The networks of a trainer: any TorchSharp modules whose forward takes the data.</summary>
public sealed class Models : Entries<nn.Module>
{
    /// <summary>No entries yet.</summary>
    public Models() { }

    /// <summary>The entries of another dictionary.</summary>
    public Models(IEnumerable<KeyValuePair<string, nn.Module>> entries)
        : base(entries) { }

    /// <summary>The network that sees the data (key <c>trunk</c>); null when there is none.</summary>
    public nn.Module? Trunk
    {
        get => Find("trunk");
        set => Put("trunk", value);
    }

    /// <summary>The network on top of the trunk; without it the trunk makes the embeddings (key <c>embedder</c>); null when there is none.</summary>
    public nn.Module? Embedder
    {
        get => Find("embedder");
        set => Put("embedder", value);
    }

    /// <summary>The network that makes class scores of embeddings (key <c>classifier</c>); null when there is none.</summary>
    public nn.Module? Classifier
    {
        get => Find("classifier");
        set => Put("classifier", value);
    }

    /// <summary>The network that makes a synthetic negative of a triplet of the trunk&#39;s outputs (key <c>generator</c>); null when there is none.</summary>
    public nn.Module? Generator
    {
        get => Find("generator");
        set => Put("generator", value);
    }
}
