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
        get => Find("metric_loss");
        set => Put("metric_loss", value);
    }

    /// <summary>The weight of the classifier&#39;s loss (key <c>classifier_loss</c>); null when there is none.</summary>
    public double? ClassifierLoss
    {
        get => Find("classifier_loss");
        set => Put("classifier_loss", value);
    }

    /// <summary>The weight of the loss on synthetic triplets (key <c>synth_loss</c>); null when there is none.</summary>
    public double? SynthLoss
    {
        get => Find("synth_loss");
        set => Put("synth_loss", value);
    }

    /// <summary>The weight of the generator&#39;s adversarial loss (key <c>g_adv_loss</c>); null when there is none.</summary>
    public double? GAdvLoss
    {
        get => Find("g_adv_loss");
        set => Put("g_adv_loss", value);
    }

    /// <summary>The weight of what keeps synthetic negatives near their anchors (key <c>g_hard_loss</c>); null when there is none.</summary>
    public double? GHardLoss
    {
        get => Find("g_hard_loss");
        set => Put("g_hard_loss", value);
    }

    /// <summary>The weight of what keeps synthetic negatives near the real ones (key <c>g_reg_loss</c>); null when there is none.</summary>
    public double? GRegLoss
    {
        get => Find("g_reg_loss");
        set => Put("g_reg_loss", value);
    }

    private double? Find(string key) => TryGetValue(key, out var weight) ? weight : null;

    private void Put(string key, double? weight)
    {
        if (weight is { } given)
        {
            this[key] = given;
        }
        else
        {
            Remove(key);
        }
    }
}
