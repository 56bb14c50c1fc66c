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
}
