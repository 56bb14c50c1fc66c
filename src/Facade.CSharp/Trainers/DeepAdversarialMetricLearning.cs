namespace MetricLearning;

/// <summary>
/// Trains a metric, and a generator of synthetic negatives that works against it (Duan et al. 2018, &quot;Deep Adversarial
/// Metric Learning&quot;). Models: <c>trunk</c>, <c>generator</c> (from a triplet of the trunk&#39;s outputs to one of
/// them: 3 × F numbers to F), usually <c>embedder</c>, optionally <c>classifier</c>; loss functions: <c>metric_loss</c>,
/// <c>g_adv_loss</c> (a <see cref="TripletMarginLoss"/>), <c>synth_loss</c>, and <c>classifier_loss</c> with a classifier.
/// Loss weights, where given, also name <c>g_hard_loss</c> and <c>g_reg_loss</c>. Miners: <c>subset_batch_miner</c>,
/// <c>tuple_miner</c>, and <c>g_triplet_miner</c>, which chooses the generator&#39;s triplets instead of chance.
/// </summary>
public sealed class DeepAdversarialMetricLearning : BaseTrainer
{
    /// <summary>Sets the run up.</summary>
    /// <param name="options">The options of the run.</param>
    /// <param name="metricAloneEpochs">The first epochs, in which only the metric learns.</param>
    /// <param name="gAloneEpochs">The epochs after those, in which only the generator learns.</param>
    /// <param name="gTripletsPerAnchor">
    /// The number of random triplets for each sample, from 1, each of which gets a synthetic negative; null for all triplets.
    /// </param>
    /// <exception cref="SetupException">The options have mistakes: all of them, together.</exception>
    public DeepAdversarialMetricLearning(
        TrainerOptions options,
        int metricAloneEpochs = 0,
        int gAloneEpochs = 0,
        int? gTripletsPerAnchor = 100
    )
        : base(
            Core.DeepAdversarialMetricLearningModule.recipe(new(metricAloneEpochs, gAloneEpochs, gTripletsPerAnchor)),
            options
        ) { }
}
