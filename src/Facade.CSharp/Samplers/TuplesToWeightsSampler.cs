using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// Random samples, with replacement, each as often as a miner&#39;s tuples hold it: the model looks at the data set, or at a
/// random subset, at the start of every pass.
/// </summary>
/// <remarks>
/// The model is in evaluation mode meanwhile; its modes and all streams of random numbers stay as they were. A pass is
/// drawn when the one before it is used up, and is part of the training state. Where nothing is mined all samples are
/// equally likely.
/// </remarks>
public sealed class TuplesToWeightsSampler : Sampler
{
    private readonly TuplesToWeights order;

    /// <summary>Over a data set.</summary>
    /// <param name="model">From a batch of data to embeddings (N × D), usually the trunk and embedder that train.</param>
    /// <param name="miner">Its tuples give the weights.</param>
    /// <param name="dataset">What is trained on.</param>
    /// <param name="subsetSize">So many random samples are looked at, and drawn, in a pass; null is all.</param>
    /// <param name="normalizeEmbeddings">Whether embeddings are scaled to length 1 before they are mined.</param>
    /// <param name="batchSize">How many samples are embedded at once.</param>
    /// <param name="dataloaderNumWorkers">Threads that read samples.</param>
    /// <param name="dataDevice">Where samples are put; null is where the model&#39;s parameters are.</param>
    /// <param name="dataAndLabelGetter">Batch to data and labels, as of the trainer.</param>
    /// <param name="labelHierarchyLevel">The level of the labels, from 0.</param>
    /// <exception cref="ArgumentException">The subset is larger than the data set, or empty.</exception>
    public TuplesToWeightsSampler(
        nn.Module<Tensor, Tensor> model,
        Miner miner,
        TrainingData dataset,
        int? subsetSize = null,
        bool normalizeEmbeddings = true,
        int batchSize = 32,
        int dataloaderNumWorkers = 0,
        Device? dataDevice = null,
        Func<object, (object Data, object Labels)>? dataAndLabelGetter = null,
        int labelHierarchyLevel = 0
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(miner);
        ArgumentNullException.ThrowIfNull(dataset);
        order = new TuplesToWeights(
            model,
            miner,
            dataset,
            new(
                subsetSize,
                normalizeEmbeddings,
                batchSize,
                dataloaderNumWorkers,
                dataDevice,
                new(
                    null,
                    dataAndLabelGetter is { } getter ? batch => getter(batch) : null,
                    LabelMap.Create(false, null),
                    HierarchyLevel.NewOne(labelHierarchyLevel)
                )
            )
        );
    }

    /// <summary>How likely each sample of the data set was in the last pass (N), relative to the likeliest; 0 for those outside
    /// the subset.</summary>
    public Tensor Weights => order.Weights;

    /// <inheritdoc/>
    public override bool DependsOnWeights => true;

    /// <inheritdoc/>
    public override long? Length => order.Length;

    /// <inheritdoc/>
    public override IEnumerable<long> Pass(Seed seed, long pass) => order.Pass(seed, pass);
}
