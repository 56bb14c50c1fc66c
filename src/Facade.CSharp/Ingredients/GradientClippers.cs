namespace MetricLearning;

/// <summary>Functions that are called after the backward pass and before the optimizers: <c>NAME_grad_clipper</c>.</summary>
public sealed class GradientClippers : Entries<Action>
{
    /// <summary>No entries yet.</summary>
    public GradientClippers() { }

    /// <summary>The entries of another dictionary.</summary>
    public GradientClippers(IEnumerable<KeyValuePair<string, Action>> entries)
        : base(entries) { }

    /// <summary>The clipper of the trunk (key <c>trunk_grad_clipper</c>); null when there is none.</summary>
    public Action? Trunk
    {
        get => Find("trunk_grad_clipper");
        set => Put("trunk_grad_clipper", value);
    }

    /// <summary>The clipper of the embedder (key <c>embedder_grad_clipper</c>); null when there is none.</summary>
    public Action? Embedder
    {
        get => Find("embedder_grad_clipper");
        set => Put("embedder_grad_clipper", value);
    }

    /// <summary>The clipper of the metric loss (key <c>metric_loss_grad_clipper</c>); null when there is none.</summary>
    public Action? MetricLoss
    {
        get => Find("metric_loss_grad_clipper");
        set => Put("metric_loss_grad_clipper", value);
    }

    /// <summary>The clipper of the classifier (key <c>classifier_grad_clipper</c>); null when there is none.</summary>
    public Action? Classifier
    {
        get => Find("classifier_grad_clipper");
        set => Put("classifier_grad_clipper", value);
    }

    /// <summary>The clipper of the generator (key <c>generator_grad_clipper</c>); null when there is none.</summary>
    public Action? Generator
    {
        get => Find("generator_grad_clipper");
        set => Put("generator_grad_clipper", value);
    }
}
