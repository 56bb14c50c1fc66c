using MetricLearning.Core;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// Embeds data sets and calculates accuracies. Networks and losses are in evaluation mode meanwhile; their modes, weights and
/// buffers, and all random streams, stay as they were, so testing never changes what training does.
/// </summary>
public abstract class BaseTester
{
    private readonly TesterOptions options;
    private readonly EmbeddingSpace space;
    private TestResults? results;

    private protected BaseTester(EmbeddingSpace space, TesterOptions? options)
    {
        this.space = space;
        this.options = options ?? new();
        AccuracyCalculator = this.options.AccuracyCalculator ?? new(logger: this.options.Logger);
        // All mistakes in words that can be found now.
        _ = Options(null);
    }

    /// <summary>What is calculated.</summary>
    public AccuracyCalculator AccuracyCalculator { get; }

    /// <summary>
    /// The results of the last test by split: <c>&lt;metric&gt;_level&lt;level&gt;</c>, with several levels also
    /// <c>AVERAGE_&lt;metric&gt;</c>, and losses by their names. Empty before the first test.
    /// </summary>
    public IReadOnlyDictionary<string, SplitResults> AllAccuracies =>
        results?.Splits ?? new Dictionary<string, SplitResults>();

    /// <summary>What each split was compared with in the last test; the split itself first, if it is among them.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> ReferenceSplitNames =>
        (results?.Evaluated ?? []).ToDictionary(split => split.Query, split => split.References);

    /// <summary>Evaluates splits of data sets.</summary>
    /// <param name="datasetDict">The data sets by the names of splits.</param>
    /// <param name="epoch">The epoch that results belong to.</param>
    /// <param name="trunkModel">The network that sees the data.</param>
    /// <param name="embedderModel">The network on top of it; null when there is none.</param>
    /// <param name="splitsToEval">Each split to evaluate, once, and those that its neighbours are searched in; null: every split
    /// against itself. The list is only read.</param>
    /// <param name="collateFn">From a list of samples to a batch; null as of trainers.</param>
    /// <returns><see cref="AllAccuracies"/>.</returns>
    /// <exception cref="ArgumentException">A split that there is not, or twice; labels that do not fit.</exception>
    public IReadOnlyDictionary<string, SplitResults> Test(
        IReadOnlyDictionary<string, TrainingData> datasetDict,
        int epoch,
        nn.Module trunkModel,
        nn.Module? embedderModel = null,
        IReadOnlyList<(string Query, IReadOnlyList<string> References)>? splitsToEval = null,
        Func<IReadOnlyList<object>, object>? collateFn = null
    )
    {
        ArgumentNullException.ThrowIfNull(datasetDict);
        ArgumentNullException.ThrowIfNull(trunkModel);
        results = Testing.test(
            Options(collateFn),
            datasetDict.ToDictionary(entry => entry.Key, entry => entry.Value.Value),
            epoch,
            trunkModel,
            embedderModel,
            splitsToEval?.Select(split => new SplitToEval(split.Query, split.References)).ToArray(),
            options.VisualizerHook is { } hook
                ? (split, streams, levels) => Show(hook, split, streams, levels, epoch)
                : null
        );
        Report(epoch);
        return AllAccuracies;
    }

    /// <summary>The embeddings of a data set (N × D) and their labels (N × levels), as a test sees them; of two streams, the
    /// first. They belong to the caller.</summary>
    /// <param name="dataset">What is embedded.</param>
    /// <param name="trunkModel">The network that sees the data.</param>
    /// <param name="embedderModel">The network on top of it; null when there is none.</param>
    /// <param name="collateFn">From a list of samples to a batch; null as of trainers.</param>
    public LabelledEmbeddings GetAllEmbeddings(
        TrainingData dataset,
        nn.Module trunkModel,
        nn.Module? embedderModel = null,
        Func<IReadOnlyList<object>, object>? collateFn = null
    )
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(trunkModel);
        var streams = Testing.embeddings(Options(collateFn), trunkModel, embedderModel, dataset.Value);

        foreach (var other in streams.Skip(1))
        {
            other.Dispose();
        }

        return streams[0];
    }

    /// <summary>What names of records say of the tester: <c>accuracies_normalized_GlobalEmbeddingSpaceTester_level_0</c>.</summary>
    /// <param name="baseName">What the description begins with.</param>
    public string Description(string baseName = "accuracies") =>
        TestOptionsModule.describe(baseName, results?.Levels ?? options.LabelHierarchyLevel.Names, Options(null));

    /// <summary>The group that results of a split are recorded in: <c>…_VAL_vs_self</c>.</summary>
    /// <param name="splitName">The split.</param>
    /// <param name="prefix">What the name begins with; null for nothing.</param>
    /// <param name="references">What it is compared with; null: what it was compared with in the last test, or itself.</param>
    public string RecordGroupName(string splitName, string? prefix = null, IReadOnlyList<string>? references = null) =>
        TestOptionsModule.groupName(
            prefix,
            Description(),
            new(splitName, references ?? ReferenceSplitNames.GetValueOrDefault(splitName) ?? [splitName])
        );

    private void Report(int epoch)
    {
        foreach (var warning in results!.Warnings)
        {
            options.Logger?.LogWarning("{Warning}", warning);
        }

        if (options.EndOfTestingHook is { } hook)
        {
            hook(this);
            return;
        }

        foreach (var split in AllAccuracies)
        {
            options.Logger?.LogInformation(
                "Epoch {Epoch}, {Split}: {Accuracies}",
                epoch,
                split.Key,
                string.Join(", ", split.Value.Select(entry => $"{entry.Key} = {entry.Value}"))
            );
        }
    }

    private void Show(Action<Visualization> hook, string split, LabelledEmbeddings[] streams, int[] levels, int epoch)
    {
        using var all = cat([.. streams.Select(stream => stream.Embeddings)]).cpu();
        using var labels = cat([.. streams.Select(stream => stream.Labels)]).cpu();
        using var reduced = options.Visualizer?.Invoke(all) ?? all.alias();

        for (var column = 0; column < levels.Length; column++)
        {
            using var level = labels.select(1, column).clone();
            var name = TestOptionsModule.describe("embeddings", $"{levels[column]}", Options(null));
            hook(new(reduced, level, split, name, epoch));
        }
    }

    private TestOptions Options(Func<IReadOnlyList<object>, object>? collateFn) =>
        new(
            space,
            new(
                options.BatchSize,
                options.DataloaderNumWorkers,
                options.DataDevice,
                options.Dtype,
                options.NormalizeEmbeddings,
                new(
                    collateFn,
                    options.DataAndLabelGetter is { } getter ? batch => getter(batch) : null,
                    LabelMap.Create(options.SetMinLabelToZero, options.DatasetLabels),
                    options.LabelHierarchyLevel.Value
                ),
                Seed.Of(0),
                CancellationToken.None
            ),
            options.UseTrunkOutput,
            options.Pca,
            AccuracyCalculator.Options,
            [.. options.LossFuncs ?? new Dictionary<string, Loss>()]
        );
}
