using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The loss functions of a trainer: losses of this library, or any module from (embeddings, labels) to a number.</summary>
public sealed class LossFuncs : Entries<nn.Module>
{
    /// <summary>No entries yet.</summary>
    public LossFuncs() { }

    /// <summary>The entries of another dictionary.</summary>
    public LossFuncs(IEnumerable<KeyValuePair<string, nn.Module>> entries)
        : base(entries) { }

    /// <summary>The loss on the embeddings (key <c>metric_loss</c>); null when there is none.</summary>
    public nn.Module? MetricLoss
    {
        get => Find("metric_loss");
        set => Put("metric_loss", value);
    }
}
