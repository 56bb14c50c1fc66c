namespace MetricLearning

open System
open System.Collections.Generic
open MetricLearning.Core

/// A run at one moment, weights and all, as a value: it never changes, and the trainer that made it, or another one of the
/// same networks, can go on from it as often as you like. Dispose it to free its memory before the garbage collector does.
[<ReferenceEquality>]
type TrainingState =
    {
        /// The numbers of the run; for F#.
        Progress: Progress
        /// The tensors of the run, as values; for F#.
        Learned: Learned
    }

    /// The current epoch, from 1; 0 before the first.
    member state.Epoch: int = state.Progress.Epoch

    /// Iterations done in the epoch.
    member state.IterationsDone: int = state.Progress.Iteration

    /// Iterations done in the whole run.
    member state.Steps: int64 = state.Progress.Steps

    /// Those of them that moved nothing, because gradients overflowed in float16.
    member state.SkippedSteps: int64 = state.Progress.SkippedSteps

    /// The factor that the next iteration's loss is multiplied by before its gradients are computed, and they are divided by; null but
    /// in float16.
    member state.LossScale: Nullable<float> =
        state.Progress.LossScale |> Option.map _.Factor |> Option.toNullable

    /// Iterations of an epoch; null where an epoch is one pass over the data.
    member state.IterationsPerEpoch: Nullable<int> =
        Option.toNullable state.Progress.IterationsPerEpoch

    /// True if the epoch is complete: the next iteration begins another.
    member state.IsEpochOver: bool = state.Progress.EpochIsOver

    /// True if the end-of-epoch hook has not been called yet for an epoch that is complete.
    member state.IsEpochEndPending: bool =
        List.contains Pending.EpochEnd state.Progress.Pending

    /// The source of all randomness of the run.
    member state.Seed: Seed = state.Progress.Seed

    /// The number of the current pass over the data, from 0.
    member state.Pass: int64 = state.Progress.Cursor.Pass

    /// Batches taken from the current pass.
    member state.BatchesTaken: int64 = state.Progress.Cursor.Taken

    /// The weight of every loss, as it was given.
    member state.LossWeights: IReadOnlyDictionary<string, float> =
        state.Progress.LossWeights

    /// The last iteration's losses, weighted, and their sum under `total_loss`; empty before the first.
    member state.Losses: IReadOnlyDictionary<string, float> = state.Progress.Losses

    /// The mean of each loss over the iterations of the epoch so far.
    member state.EpochLosses: IReadOnlyDictionary<string, float> =
        Progress.epochMeans state.Progress

    /// The learning rate of every parameter group, by optimizer key.
    member state.LearningRates: IReadOnlyDictionary<string, IReadOnlyList<float>> =
        Map.map (fun _ rates -> Array.AsReadOnly rates :> IReadOnlyList<float>) state.Progress.Rates

    /// The number of steps of every schedule, by schedule key.
    member state.ScheduleSteps: IReadOnlyDictionary<string, int64> =
        Map.ofSeq
            [
                for KeyValue(key, schedule) in state.Progress.Schedules -> key, schedule.Count
                for KeyValue(key, schedule) in state.Progress.TorchSchedules -> key, int64 schedule.Count
            ]

    /// The reason why training stopped; null while it goes on.
    member state.Stopped: Nullable<StopReason> = Option.toNullable state.Progress.Stopped

    /// True once its memory was freed; then it can no longer be used.
    member state.IsDisposed: bool = state.Learned.IsFreed

    /// The same state with a life of its own, sharing its memory until one of the two moves on.
    /// Raises InvalidOperationException when this state was disposed.
    member state.Share() : TrainingState =
        { state with
            Learned = state.Learned.Share()
        }

    /// The number of times that weights were taken into their average; 0 before the first, and without `WeightAveraging`.
    member state.WeightsAveraged: int64 = state.Learned.Average.Count

    /// The same state with the averages of weights in the places of the weights, and with what goes with them of buffers; a
    /// state of its own. Before the first weights are averaged, and without `WeightAveraging`, it has the same weights.
    /// Raises InvalidOperationException when this state was disposed.
    member state.Averaged() : TrainingState =
        { state with
            Learned = state.Learned.Averaged()
        }

    /// The same state without an average of weights, so that a run without `WeightAveraging` can go on from it, and one of
    /// another kind begins its own; a state of its own.
    /// Raises InvalidOperationException when this state was disposed.
    member state.WithoutAverage() : TrainingState =
        { state with
            Learned = state.Learned.WithoutAverage()
        }

    /// The same state with another learning rate in all parameter groups of an optimizer; a state of its own. Schedules move
    /// it on by their ratios. An optimizer of TorchSharp's is given the rate when the state is stepped, or set as a trainer's.
    /// Raises ArgumentException without such an optimizer, ArgumentOutOfRangeException for a rate that is negative or not
    /// finite, InvalidOperationException when this state was disposed.
    member state.WithLearningRate(optimizerKey: string, learningRate: float) : TrainingState =
        ArgumentNullException.ThrowIfNull(optimizerKey, nameof optimizerKey)

        match state.Progress.Rates.TryFind optimizerKey with
        | None ->
            invalidArg
                (nameof optimizerKey)
                $"There is no optimizer \"{optimizerKey}\"; this run has {Keys.quoted state.Progress.Rates.Keys}."
        | Some rates ->
            if not (Double.IsFinite learningRate && learningRate >= 0.0) then
                raise (
                    ArgumentOutOfRangeException(
                        nameof learningRate,
                        learningRate,
                        "A learning rate is a finite number that is not negative."
                    )
                )

            { state.Share() with
                Progress =
                    { state.Progress with
                        Rates = state.Progress.Rates.Add(optimizerKey, Array.map (fun _ -> learningRate) rates)
                    }
            }

    /// The same state with another weight of a loss; a state of its own.
    /// Raises ArgumentException without such a loss or where no loss is left with a weight above zero,
    /// ArgumentOutOfRangeException for a weight that is not finite, InvalidOperationException when this state was disposed.
    member state.WithLossWeight(loss: string, weight: float) : TrainingState =
        let known = state.Progress.LossWeights

        if not (known.ContainsKey loss) then
            invalidArg (nameof loss) $"There is no loss \"{loss}\"; this run has {Keys.quoted known.Keys}."

        if not (Double.IsFinite weight) then
            raise (ArgumentOutOfRangeException(nameof weight, weight, "The weight of a loss is a finite number."))

        let weights = known.Add(loss, weight)

        if not (weights.Values |> Seq.exists (fun weight -> weight > 0.0)) then
            invalidArg (nameof weight) "No loss would have a weight above zero, so there would be nothing to train on."

        { state.Share() with
            Progress =
                { state.Progress with
                    LossWeights = weights
                }
        }

    /// Frees its memory. Safe to call more than once.
    member state.Dispose() : unit = state.Learned.Dispose()

    interface IDisposable with
        member state.Dispose() = state.Dispose()
