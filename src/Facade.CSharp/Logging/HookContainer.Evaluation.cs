using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

// Evaluating a run, and what follows from it.
public sealed partial class HookContainer
{
    private bool isInRun;
    private object? recorded;

    /// <summary>
    /// A hook that, after every <paramref name="testInterval"/>-th epoch, evaluates and records the splits, moves the plateau schedules
    /// by the primary metric of the validation split, saves the latest and, if they are better than all before, the best networks and
    /// losses, and ends training when the best is too long ago. After every epoch it forces records to disk.
    /// </summary>
    /// <param name="tester">Evaluates. It need not call <see cref="EndOfTestingHook"/>.</param>
    /// <param name="datasetDict">The splits by name; the validation split must be among those that are evaluated.</param>
    /// <param name="modelFolder">The folder of saved networks and losses; created if missing.</param>
    /// <param name="testInterval">The number of epochs between evaluations, from 1.</param>
    /// <param name="patience">Training ends when more than this number of epochs have passed since the best one; null for never.</param>
    /// <param name="splitsToEval">The splits to evaluate, with their references; null for each in itself.</param>
    /// <param name="testCollateFn">Makes a batch of a list of samples; null for the default collation.</param>
    /// <param name="averaged">Evaluates the networks with the averages of their weights, and saves the best with these; the latest are
    /// saved as they are, so that training can go on from them. The trainer needs a
    /// <see cref="RunOptions.WeightAveraging"/>.</param>
    /// <exception cref="ArgumentException">The tester does not calculate the primary metric, or the validation split is not
    /// evaluated.</exception>
    public Func<BaseTrainer, bool?> EndOfEpochHook(
        BaseTester tester,
        Dictionary<string, TrainingData> datasetDict,
        string modelFolder,
        int testInterval = 1,
        int? patience = null,
        IReadOnlyList<(string Query, IReadOnlyList<string> References)>? splitsToEval = null,
        Func<IReadOnlyList<object>, object>? testCollateFn = null,
        bool averaged = false
    )
    {
        ArgumentNullException.ThrowIfNull(tester);
        ArgumentNullException.ThrowIfNull(datasetDict);
        ArgumentException.ThrowIfNullOrEmpty(modelFolder);
        ArgumentOutOfRangeException.ThrowIfLessThan(testInterval, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(patience ?? 0, nameof(patience));
        CheckPrimaryMetric(tester);
        CheckValidationSplit(splitsToEval is null ? datasetDict.Keys : [.. splitsToEval.Select(split => split.Query)]);

        foreach (var (query, references) in splitsToEval ?? [])
        {
            announced[query] = references;
        }

        if (saveModels)
        {
            Directory.CreateDirectory(modelFolder);
        }

        return trainer =>
        {
            ArgumentNullException.ThrowIfNull(trainer);
            FlushBeforeCheckpoints(trainer.Session);
            trainer.Session.Expect(primaryMetric, ModeBy(tester));

            if (trainer.Epoch % testInterval != 0)
            {
                RecordKeeper.Flush();
                return true;
            }

            Judged(() =>
                Test(
                    tester,
                    datasetDict,
                    trainer.Epoch,
                    trainer.Models.Trunk!,
                    trainer.Models.Embedder,
                    splitsToEval,
                    testCollateFn,
                    inRun: true
                )
            );
            RecordKeeper.Flush();
            var verdict = AccuraciesBy(tester)
                .Judge(GroupOf(tester, validationSplitName), tester.AllAccuracies[validationSplitName]);

            if (!double.IsNaN(verdict.Score))
            {
                trainer.StepLrPlateauSchedulers(verdict.Score);
            }

            if (saveModels)
            {
                ModelFolder.save(trainer.Session, modelFolder, false, trainer.Epoch);

                if (verdict.IsNewBest)
                {
                    Judged(() => ModelFolder.save(trainer.Session, modelFolder, true, trainer.Epoch));
                }
            }

            return patience is not { } epochs || !verdict.IsPatienceOver(epochs);

            // On the networks that are judged.
            void Judged(Action act)
            {
                if (averaged)
                {
                    trainer.WhileAveraged(act);
                }
                else
                {
                    act();
                }
            }
        };
    }

    /// <summary>
    /// Records what a tester has found, with the best epoch so far: give it to a tester that evaluates on its own. An epoch that has
    /// accuracies already gets these in their place.
    /// </summary>
    /// <exception cref="InvalidOperationException">The tester has not tested yet.</exception>
    /// <exception cref="IOException">A record cannot be written.</exception>
    public void EndOfTestingHook(BaseTester tester)
    {
        ArgumentNullException.ThrowIfNull(tester);

        if (tester.AllAccuracies.Count == 0)
        {
            throw new InvalidOperationException("This tester has found nothing yet: call its Test before this hook.");
        }

        recorded = tester.AllAccuracies;
        var accuracies = AccuraciesBy(tester);
        var records = tester
            .AllAccuracies.Select(split => accuracies.RecordOf(tester.RecordGroupName(split.Key, prefix), split.Value))
            .ToList();

        if (isInRun)
        {
            RecordKeeper.Append(records);
            return;
        }

        foreach (var record in records)
        {
            RecordKeeper.Amend(record);
        }
    }

    /// <summary>
    /// Evaluates networks outside of training, and records it. Splits that have accuracies of this epoch already are left out.
    /// </summary>
    /// <param name="tester">Evaluates. It need not call <see cref="EndOfTestingHook"/>.</param>
    /// <param name="datasetDict">The splits by name.</param>
    /// <param name="epoch">The epoch that the networks are of.</param>
    /// <param name="trunk">The network that sees the data.</param>
    /// <param name="embedder">The network on top of it; null for none.</param>
    /// <param name="splitsToEval">The splits to evaluate, with their references; null for each in itself.</param>
    /// <param name="collateFn">Makes a batch of a list of samples; null for the default collation.</param>
    /// <param name="skipEvalIfAlreadyDone">False evaluates all splits, and replaces what is recorded.</param>
    /// <returns>True if anything was evaluated.</returns>
    public bool RunTesterSeparately(
        BaseTester tester,
        Dictionary<string, TrainingData> datasetDict,
        int epoch,
        nn.Module trunk,
        nn.Module? embedder = null,
        IReadOnlyList<(string Query, IReadOnlyList<string> References)>? splitsToEval = null,
        Func<IReadOnlyList<object>, object>? collateFn = null,
        bool skipEvalIfAlreadyDone = true
    )
    {
        ArgumentNullException.ThrowIfNull(tester);
        ArgumentNullException.ThrowIfNull(datasetDict);
        ArgumentNullException.ThrowIfNull(trunk);
        IReadOnlyList<(string Query, IReadOnlyList<string> References)> all =
            splitsToEval ?? [.. datasetDict.Keys.Select(name => (name, (IReadOnlyList<string>)[name]))];
        IReadOnlyList<(string Query, IReadOnlyList<string> References)> left = skipEvalIfAlreadyDone
            ?
            [
                .. all.Where(split =>
                    AccuraciesBy(tester)
                        .OfEpoch(tester.RecordGroupName(split.Query, prefix, split.References), epoch)
                        .Count == 0
                ),
            ]
            : all;

        if (left.Count == 0)
        {
            return false;
        }

        Test(tester, datasetDict, epoch, trunk, embedder, left, collateFn, inRun: false);
        return true;
    }

    private void Test(
        BaseTester tester,
        Dictionary<string, TrainingData> datasetDict,
        int epoch,
        nn.Module trunk,
        nn.Module? embedder,
        IReadOnlyList<(string Query, IReadOnlyList<string> References)>? splitsToEval,
        Func<IReadOnlyList<object>, object>? collateFn,
        bool inRun
    )
    {
        isInRun = inRun;

        try
        {
            tester.Test(datasetDict, epoch, trunk, embedder, splitsToEval, collateFn);

            if (!ReferenceEquals(recorded, tester.AllAccuracies))
            {
                EndOfTestingHook(tester);
            }
        }
        finally
        {
            isInRun = false;
        }
    }
}
