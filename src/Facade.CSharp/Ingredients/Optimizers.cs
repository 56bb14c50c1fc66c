namespace MetricLearning;

/// <summary>The optimizers of a trainer, TorchSharp&#39;s or this library&#39;s: <c>NAME_optimizer</c> steps the network or loss NAME. An empty dictionary trains nothing.</summary>
public sealed class Optimizers : Entries<AnyOptimizer>
{
    /// <summary>No entries yet.</summary>
    public Optimizers() { }

    /// <summary>The entries of another dictionary.</summary>
    public Optimizers(IEnumerable<KeyValuePair<string, AnyOptimizer>> entries)
        : base(entries) { }

    /// <summary>The optimizer of the trunk (key <c>trunk_optimizer</c>); null when there is none.</summary>
    public AnyOptimizer? Trunk
    {
        get => Find("trunk_optimizer");
        set => Put("trunk_optimizer", value);
    }

    /// <summary>The optimizer of the embedder (key <c>embedder_optimizer</c>); null when there is none.</summary>
    public AnyOptimizer? Embedder
    {
        get => Find("embedder_optimizer");
        set => Put("embedder_optimizer", value);
    }

    /// <summary>The optimizer of the metric loss, if that learns (key <c>metric_loss_optimizer</c>); null when there is none.</summary>
    public AnyOptimizer? MetricLoss
    {
        get => Find("metric_loss_optimizer");
        set => Put("metric_loss_optimizer", value);
    }

    /// <summary>The optimizer of the classifier (key <c>classifier_optimizer</c>); null when there is none.</summary>
    public AnyOptimizer? Classifier
    {
        get => Find("classifier_optimizer");
        set => Put("classifier_optimizer", value);
    }

    /// <summary>The optimizer of the generator (key <c>generator_optimizer</c>); null when there is none.</summary>
    public AnyOptimizer? Generator
    {
        get => Find("generator_optimizer");
        set => Put("generator_optimizer", value);
    }

    /// <summary>The optimizer of the classifier&#39;s loss, if that learns (key <c>classifier_loss_optimizer</c>); null when there is none.</summary>
    public AnyOptimizer? ClassifierLoss
    {
        get => Find("classifier_loss_optimizer");
        set => Put("classifier_loss_optimizer", value);
    }

    /// <summary>The optimizer of the synthetic triplets&#39; loss, if that learns (key <c>synth_loss_optimizer</c>); null when there is none.</summary>
    public AnyOptimizer? SynthLoss
    {
        get => Find("synth_loss_optimizer");
        set => Put("synth_loss_optimizer", value);
    }
}
