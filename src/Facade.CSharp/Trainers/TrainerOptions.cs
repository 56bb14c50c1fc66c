using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// Everything a trainer takes: the 23 documented arguments of BaseTrainer with their documented defaults, then a seed,
/// a logger and checkpoints. The trainer only reads them.
/// </summary>
public sealed record TrainerOptions
{
    /// <summary>The networks: <c>trunk</c>, mostly <c>embedder</c>, and what the trainer documents besides.</summary>
    public required Models Models { get; init; }

    /// <summary>The optimizers; an empty dictionary trains nothing.</summary>
    public required Optimizers Optimizers { get; init; }

    /// <summary>How many samples a batch has, from 1; not used with a batch sampler.</summary>
    public required int BatchSize { get; init; }

    /// <summary>The loss functions.</summary>
    public required LossFuncs LossFuncs { get; init; }

    /// <summary>The training data.</summary>
    public required TrainingData Dataset { get; init; }

    /// <summary>The miners; null for none.</summary>
    public MiningFuncs? MiningFuncs { get; init; }

    /// <summary>Iterations that make an epoch; null (or 0) makes an epoch of every pass over the data.</summary>
    public int? IterationsPerEpoch { get; init; }

    /// <summary>Where batches are put; null for CUDA when it is there, else the CPU.</summary>
    public Device? DataDevice { get; init; }

    /// <summary>What floating-point data is converted to; null converts nothing.</summary>
    public ScalarType? Dtype { get; init; }

    /// <summary>The weight of every loss; null weighs each by 1.</summary>
    public LossWeights? LossWeights { get; init; }

    /// <summary>The order of the data; null for a new random order in every pass.</summary>
    public AnySampler? Sampler { get; init; }

    /// <summary>
    /// From a list of samples to a batch. Null stacks tensors and numbers, keeps strings as an array, and treats tuples,
    /// lists and dictionaries entry by entry.
    /// </summary>
    public Func<IReadOnlyList<object>, object>? CollateFn { get; init; }

    /// <summary>Learning-rate schedules; null for none.</summary>
    public LrSchedulers? LrSchedulers { get; init; }

    /// <summary>Gradient clippers; null for none.</summary>
    public GradientClippers? GradientClippers { get; init; }

    /// <summary>Names of networks and losses that do not train.</summary>
    public IReadOnlyCollection<string> FreezeThese { get; init; } = [];

    /// <summary>
    /// Keeps the trunk&#39;s batch-norm layers in evaluation mode: their running statistics stay as they are, their weight
    /// and bias still train.
    /// </summary>
    public bool FreezeTrunkBatchnorm { get; init; }

    /// <summary>Which of several labels of a sample counts, from 0.</summary>
    public int LabelHierarchyLevel { get; init; }

    /// <summary>
    /// Threads that prepare batches ahead; 0 prepares them on the caller&#39;s. Their number never changes a result.
    /// </summary>
    public int DataloaderNumWorkers { get; init; } = 2;

    /// <summary>From a batch to its data and its labels; null when samples are (data, label).</summary>
    public Func<object, (object Data, object Labels)>? DataAndLabelGetter { get; init; }

    /// <summary>
    /// The labels of the whole data set, one or several a sample, as integers or strings: a tensor, array or list. Needed
    /// with <see cref="SetMinLabelToZero"/>.
    /// </summary>
    public object? DatasetLabels { get; init; }

    /// <summary>Replaces labels by their rank among the distinct labels of the data set.</summary>
    public bool SetMinLabelToZero { get; init; }

    /// <summary>Called after every iteration, before the schedules move.</summary>
    public Action<BaseTrainer>? EndOfIterationHook { get; init; }

    /// <summary>Called after every epoch. Training ends when it returns exactly false; null goes on.</summary>
    public Func<BaseTrainer, bool?>? EndOfEpochHook { get; init; }

    /// <summary>
    /// Where all randomness of the run comes from. Null draws it from libtorch&#39;s generator, so <c>torch.manual_seed</c>
    /// decides the run.
    /// </summary>
    public long? Seed { get; init; }

    /// <summary>Gets warnings at construction and a line for every epoch; null for none.</summary>
    public ILogger? Logger { get; init; }

    /// <summary>
    /// Checkpoints that the trainer writes by itself, from which <see cref="BaseTrainer.ResumeLatest"/> goes on; null for none.
    /// </summary>
    public CheckpointOptions? Checkpoints { get; init; }
}
