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

    /// <summary>The loss on the classifier&#39;s scores (key <c>classifier_loss</c>); null when there is none.</summary>
    public nn.Module? ClassifierLoss
    {
        get => Find("classifier_loss");
        set => Put("classifier_loss", value);
    }

    /// <summary>The loss that the generator works against the metric with, a <see cref="TripletMarginLoss"/> (key <c>g_adv_loss</c>); null when there is none.</summary>
    public nn.Module? GAdvLoss
    {
        get => Find("g_adv_loss");
        set => Put("g_adv_loss", value);
    }

    /// <summary>The loss on the embeddings of synthetic triplets (key <c>synth_loss</c>); null when there is none.</summary>
    public nn.Module? SynthLoss
    {
        get => Find("synth_loss");
        set => Put("synth_loss", value);
    }
}
