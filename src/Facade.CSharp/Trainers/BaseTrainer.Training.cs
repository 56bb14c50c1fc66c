using System.Globalization;
using MetricLearning.Core;
using Microsoft.Extensions.Logging;

namespace MetricLearning;

// Training by epochs, as a stream of events and by single steps, with the hooks that are called.
public abstract partial class BaseTrainer
{
    private bool isInHook;

    /// <summary>Trains, calling the hooks.</summary>
    /// <param name="numEpochs">The number of the last epoch (not how many).</param>
    /// <param name="startEpoch">The first epoch; null for 1, or to go on where an interrupted or resumed run stands.</param>
    /// <param name="cancellationToken">Ends training before the next iteration.</param>
    /// <param name="progress">Told after every iteration; null for a bar on an interactive console, and elsewhere, where there is no
    /// <see cref="TrainerOptions.Logger"/> that is told of epochs, a line on standard error after each. Of several processes, the
    /// first shows it.</param>
    /// <exception cref="OperationCanceledException">Training was cancelled, in any of the processes; the state is that after the last
    /// iteration.</exception>
    /// <exception cref="ProcessException">Another process failed; the state is that after the last iteration, as in that one.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="startEpoch"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">A hook called this.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public void Train(
        int numEpochs,
        int? startEpoch = null,
        CancellationToken cancellationToken = default,
        IProgress<TrainingProgress>? progress = null
    )
    {
        if (!isFirst)
        {
            Run(null);
        }
        else if (progress is null && ConsoleBar.CanShow)
        {
            ConsoleBar.Show(bar => Run(bar));
        }
        else
        {
            Run(progress);
        }

        void Run(IProgress<TrainingProgress>? watcher)
        {
            var lines = isFirst && watcher is null && options.Logger is null ? Console.Error : null;

            foreach (var step in Events(numEpochs, startEpoch, cancellationToken))
            {
                if (watcher is not null && step.Name == Event.IterationEnded.Name)
                {
                    watcher.Report(
                        new(Epoch, numEpochs, session.Progress.Iteration, IterationsPerEpoch, Losses["total_loss"])
                        {
                            SkippedSteps = SkippedSteps,
                        }
                    );
                }
                else if (step.Name == Event.EpochEnded.Name)
                {
                    lines?.WriteLine(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"epoch {Epoch}/{numEpochs}  total_loss={EpochLosses["total_loss"]:F5}{Skips}"
                        )
                    );
                }
            }
        }
    }

    /// <summary>
    /// Training as a stream: the events of the epochs up to <paramref name="numEpochs"/>, in the order in which they
    /// happen. Training goes on as the events are asked for; hooks are called before their event is given out.
    /// </summary>
    /// <param name="numEpochs">The number of the last epoch.</param>
    /// <param name="startEpoch">The first epoch; null for 1, or to go on where an interrupted or resumed run stands.</param>
    /// <param name="cancellationToken">Ends training before the next iteration.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="startEpoch"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">A hook called this.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public IEnumerable<TrainingEvent> Events(
        int numEpochs,
        int? startEpoch = null,
        CancellationToken cancellationToken = default
    )
    {
        ThrowIfBusy();

        if (startEpoch < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(startEpoch),
                $"startEpoch is {startEpoch}; epochs count from 1. Leave it out to start at 1, or to go on."
            );
        }

        return Stream(numEpochs, startEpoch, cancellationToken);
    }

    private IEnumerable<TrainingEvent> Stream(int numEpochs, int? startEpoch, CancellationToken cancellationToken)
    {
        ThrowIfBusy();
        var epoch = 0;

        foreach (var happened in session.Train(Interop.Option(startEpoch), numEpochs, cancellationToken))
        {
            if (Epoch != epoch)
            {
                epoch = Epoch;
                logger.LogInformation("Training epoch {Epoch}", epoch);
            }

            yield return Handle(happened);
        }
    }

    /// <summary>Trains one iteration, calling the hooks, and gives its events.</summary>
    /// <param name="cancellationToken">Cancelled before the iteration, it keeps it from being done.</param>
    /// <exception cref="InvalidOperationException">A hook called this.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public IReadOnlyList<TrainingEvent> Step(CancellationToken cancellationToken = default)
    {
        ThrowIfBusy();
        return [.. session.Step(cancellationToken).Select(Handle)];
    }

    private string Skips => SkippedSteps == 0 ? "" : $"  skipped_steps={SkippedSteps}";

    private TrainingEvent Handle(Event happened)
    {
        if (happened.IsSkipped)
        {
            logger.LogInformation(
                "Epoch {Epoch}, iteration {Iteration}: gradients overflowed in float16, so nothing was moved; the loss scale is {LossScale} now",
                Epoch,
                session.Progress.Iteration,
                LossScale
            );
        }

        isInHook = true;

        try
        {
            session.Together(() => CallHook(happened));
        }
        finally
        {
            isInHook = false;
        }

        return new(happened.Name, this);
    }

    private void CallHook(Event happened)
    {
        if (happened.IsIterationEnded)
        {
            options.EndOfIterationHook?.Invoke(this);
        }
        else if (happened.IsEpochEnded && options.EndOfEpochHook?.Invoke(this) is false)
        {
            session.Stop();
        }
    }

    private void ThrowIfBusy()
    {
        ThrowIfDisposed();

        if (isInHook)
        {
            throw new InvalidOperationException(
                "A hook cannot train the trainer that calls it: return from the hook, and training goes on."
            );
        }
    }
}
