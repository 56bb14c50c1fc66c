using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace MetricLearning;

/// <inheritdoc cref="Tester"/>
public abstract class BaseTester
{
    private readonly Tester tester;
    private readonly Action<BaseTester>? endOfTestingHook;
    private readonly ILogger? logger;

    private protected BaseTester(EmbeddingSpace space, TesterOptions? options)
    {
        tester = new(space, options);
        endOfTestingHook = options?.EndOfTestingHook;
        logger = options?.Logger;
    }

    /// <inheritdoc cref="Tester.AccuracyCalculator"/>
    public AccuracyCalculator AccuracyCalculator => tester.AccuracyCalculator;

    /// <inheritdoc cref="Tester.LossNames"/>
    public IReadOnlyList<string> LossNames => tester.LossNames;

    /// <inheritdoc cref="Tester.AllAccuracies"/>
    public IReadOnlyDictionary<string, SplitResults> AllAccuracies => tester.AllAccuracies;

    /// <inheritdoc cref="Tester.ReferenceSplitNames"/>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> ReferenceSplitNames => tester.ReferenceSplitNames;

    /// <inheritdoc cref="Tester.Test"/>
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
        tester.Test(
            datasetDict,
            epoch,
            trunkModel,
            embedderModel,
            splitsToEval?.Select(split => new SplitToEval(split.Query, split.References)).ToArray(),
            collateFn
        );
        Report(epoch);
        return AllAccuracies;
    }

    /// <inheritdoc cref="Tester.GetAllEmbeddings"/>
    public LabelledEmbeddings GetAllEmbeddings(
        TrainingData dataset,
        nn.Module trunkModel,
        nn.Module? embedderModel = null,
        Func<IReadOnlyList<object>, object>? collateFn = null
    ) => tester.GetAllEmbeddings(dataset, trunkModel, embedderModel, collateFn);

    /// <inheritdoc cref="Tester.Description"/>
    public string Description(string baseName = "accuracies") => tester.Description(baseName);

    /// <inheritdoc cref="Tester.RecordGroupName"/>
    public string RecordGroupName(string splitName, string? prefix = null, IReadOnlyList<string>? references = null) =>
        tester.RecordGroupName(splitName, prefix, references);

    private void Report(int epoch)
    {
        foreach (var warning in tester.Warnings)
        {
            logger?.LogWarning("{Warning}", warning);
        }

        if (endOfTestingHook is not null)
        {
            endOfTestingHook(this);
            return;
        }

        foreach (var (split, results) in AllAccuracies)
        {
            logger?.LogInformation(
                "Epoch {Epoch}, {Split}: {Accuracies}",
                epoch,
                split,
                string.Join(", ", results.Select(entry => $"{entry.Key} = {entry.Value}"))
            );
        }
    }
}
