namespace MetricLearning;

/// <summary>The weight of every loss by its name. A loss whose weight is not above zero is not computed.</summary>
public sealed class LossWeights : Dictionary<string, double>
{
    /// <summary>No entries yet.</summary>
    public LossWeights()
        : base(StringComparer.Ordinal) { }

    /// <summary>The entries of another dictionary.</summary>
    public LossWeights(IEnumerable<KeyValuePair<string, double>> entries)
        : base(entries, StringComparer.Ordinal) { }

    /// <summary>The weight of the metric loss (key <c>metric_loss</c>); null when there is none.</summary>
    public double? MetricLoss
    {
        get => TryGetValue("metric_loss", out var weight) ? weight : null;
        set
        {
            if (value is { } weight)
            {
                this["metric_loss"] = weight;
            }
            else
            {
                Remove("metric_loss");
            }
        }
    }
}
