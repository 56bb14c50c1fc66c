using MetricLearning.Core;
using MetricLearning.Core.Records;

namespace MetricLearning;

// Evaluating a run, and what follows from it.
public sealed partial class HookContainer
{
    private bool isInEpochHook;
    private object? recorded;

    /// <summary>
    /// A hook that, after every <paramref name="testInterval"/>-th epoch, evaluates and records the splits, moves the plateau schedules
    /// by the primary metric of the validation split, saves the latest and, if they are better than all before, the best networks and
    /// losses, and ends training when the best is too long ago. After every epoch it forces records to disk.
    /// </summary>
    /// <param name="tester">Evaluates. It need not know <see cref="EndOfTestingHook"/>.</param>
    /// <param name="datasetDict">The splits by name; the validation split must be among those that are evaluated.</param>
    /// <param name="modelFolder">Where networks and losses are saved; made if it is missing.</param>
    /// <param name="testInterval">Every how many epochs, from 1.</param>
    /// <param name="patience">Training ends when more than so many epochs have passed since the best one; null: never.</param>
    /// <param name="splitsToEval">Which splits look for neighbours in which; null: each in itself.</param>
    /// <param name="testCollateFn">From a list of samples to a batch; null as in training.</param>
    /// <exception cref="ArgumentException">The tester does not calculate the primary metric, or the validation split is not
    /// evaluated.</exception>
    public Func<BaseTrainer, bool?> EndOfEpochHook(
        BaseTester tester,
        IReadOnlyDictionary<string, TrainingData> datasetDict,
        string modelFolder,
        int testInterval = 1,
        int? patience = null,
        IReadOnlyList<SplitToEval>? splitsToEval = null,
        Func<IReadOnlyList<object>, object>? testCollateFn = null
    )
    {
        ArgumentNullException.ThrowIfNull(tester);
        ArgumentNullException.ThrowIfNull(datasetDict);
        ArgumentException.ThrowIfNullOrEmpty(modelFolder);
        ArgumentOutOfRangeException.ThrowIfLessThan(testInterval, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(patience ?? 0, nameof(patience));
        CheckPrimaryMetric(tester);
        CheckValidationSplit(splitsToEval?.Select(split => split.Query) ?? datasetDict.Keys);
        Directory.CreateDirectory(modelFolder);

        return trainer =>
        {
            FlushBeforeCheckpoints(trainer.Session);

            if (trainer.Epoch % testInterval != 0)
            {
                RecordKeeper.Flush();
                return true;
            }

            var results = Evaluate(trainer);
            var (best, isNewBest) = Decide(tester, trainer.Epoch, results);

            if (saveModels)
            {
                ModelFolder.save(trainer.Session, modelFolder, false, trainer.Epoch);

                if (isNewBest)
                {
                    ModelFolder.save(trainer.Session, modelFolder, true, trainer.Epoch);
                }
            }

            return patience is not { } epochs || !BestModule.isPatienceOver(epochs, best, trainer.Epoch);
        };
    }
}
