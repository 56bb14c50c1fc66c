using MetricLearning.Core;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// Everything a tester takes: the documented arguments of BaseTester with their defaults, then loss functions and a
/// logger. The tester only reads them.
/// </summary>
public sealed record TesterOptions
{
    /// <summary>Scales embeddings to length 1.</summary>
    public bool NormalizeEmbeddings { get; init; } = true;

    /// <summary>Evaluates what the trunk makes, without the embedder.</summary>
    public bool UseTrunkOutput { get; init; }

    /// <summary>How many samples are embedded at once.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Threads that prepare batches ahead; 0 prepares them on the caller&#39;s.</summary>
    public int DataloaderNumWorkers { get; init; } = 2;

    /// <summary>Evaluates so many principal components of the embeddings, those of the references; null for the embeddings.</summary>
    public int? Pca { get; init; }

    /// <summary>Where batches are put; null for where the trunk is.</summary>
    public Device? DataDevice { get; init; }

    /// <summary>What floating-point data is converted to; null converts nothing.</summary>
    public ScalarType? Dtype { get; init; }

    /// <summary>From a batch to its data and its labels; null when samples are (data, label).</summary>
    public Func<object, (object Data, object Labels)>? DataAndLabelGetter { get; init; }

    /// <summary>Which of several labels of a sample count, from 0: one level, several, or <c>"all"</c>.</summary>
    public AnyLevel LabelHierarchyLevel { get; init; } = 0;

    /// <summary>Called after every test, with its results in <see cref="BaseTester.AllAccuracies"/>.</summary>
    public Action<BaseTester>? EndOfTestingHook { get; init; }

    /// <summary>
    /// The labels of the whole data set, one or several a sample, as integers or strings. Needed with
    /// <see cref="SetMinLabelToZero"/>, and for samples whose labels are strings.
    /// </summary>
    public object? DatasetLabels { get; init; }

    /// <summary>Replaces labels by their rank among the distinct labels of the data set.</summary>
    public bool SetMinLabelToZero { get; init; }

    /// <summary>What is calculated; null for the documented metrics.</summary>
    public AccuracyCalculator? AccuracyCalculator { get; init; }

    /// <summary>From the embeddings of a split (N × D), on the CPU, to what the visualizer hook is shown, such as (N × 2).</summary>
    public Func<Tensor, Tensor>? Visualizer { get; init; }

    /// <summary>Called for every split that was embedded and every level of labels.</summary>
    public Action<Visualization>? VisualizerHook { get; init; }

    /// <summary>
    /// Losses whose mean over each split is reported under their names, in evaluation mode, in batches of
    /// <see cref="BatchSize"/> in an order that is always the same, on what the networks made, and the first of the levels
    /// of labels. None of them changes.
    /// </summary>
    public IReadOnlyDictionary<string, Loss>? LossFuncs { get; init; }

    /// <summary>Gets warnings, and the results where there is no hook; null for none.</summary>
    public ILogger? Logger { get; init; }
}
