using Microsoft.Extensions.Logging;

namespace MetricLearning;

// Stopping costs nothing: a run is saved at any moment, and goes on in another process.
public abstract partial class BaseTrainer
{
    /// <summary>
    /// Called before a checkpoint is written, by <see cref="SaveCheckpoint"/> or by itself: what belongs to it outside of the
    /// trainer, such as records, is to be on disk first.
    /// </summary>
    public event Action<BaseTrainer>? CheckpointSaving;

    /// <summary>
    /// Writes everything that decides how the run goes on into one file: networks, losses and their memories, optimizers,
    /// schedules, the place in the data, the seed. May be called in hooks and between steps, and changes nothing of the run.
    /// The file appears as a whole or not at all; an earlier one of this name stays until then. It is a safetensors file.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written; an earlier one is still there.</exception>
    /// <exception cref="InvalidOperationException">An optimizer keeps its state to itself: one that <see cref="Optimizers"/> does not list.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public void SaveCheckpoint(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ThrowIfDisposed();
        session.SaveCheckpoint(path);
    }

    /// <summary>
    /// Goes on from a checkpoint of a trainer of the same kind with the same networks, losses, optimizers and schedules:
    /// the networks are bound to it at once, and <see cref="Train"/> without a start epoch continues inside the epoch; a run that its
    /// end-of-epoch hook had ended stays ended. On an error nothing was changed.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is no checkpoint, was damaged, or is of a newer version of this library.</exception>
    /// <exception cref="ArgumentException">It is the checkpoint of another trainer; the message says what differs.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidOperationException">
    /// A TorchSharp scheduler was already stepped and cannot go back, or an optimizer keeps its state to itself.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public void Resume(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ThrowIfDisposed();
        session.ResumeFrom(path);
        logger.LogInformation("Resumed from {Path}", path);
    }

    /// <summary>
    /// Goes on from the newest checkpoint that this trainer&#39;s <see cref="RunOptions.Checkpoints"/> wrote, in an earlier
    /// process, usually. Newer ones that were damaged are passed over, with a logged warning.
    /// </summary>
    /// <param name="folder">Their folder; null for the folder of <see cref="RunOptions.Checkpoints"/>.</param>
    /// <returns>True if there was one.</returns>
    /// <exception cref="InvalidDataException">There are checkpoints, but none can be read.</exception>
    /// <exception cref="ArgumentException">
    /// They are those of another trainer; or no folder is given, here or in the options.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// A TorchSharp scheduler was already stepped and cannot go back, or an optimizer keeps its state to itself.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public bool ResumeLatest(string? folder = null)
    {
        ThrowIfDisposed();
        var place =
            folder
            ?? options.Checkpoints?.Folder
            ?? throw new ArgumentException(
                "There is no folder to look into: give one, or set Checkpoints in the options.",
                nameof(folder)
            );
        var path = session.ResumeLatest(
            place,
            damaged => logger.LogWarning("A checkpoint is passed over: {Reason}", damaged)
        );

        if (path is not null)
        {
            logger.LogInformation("Resumed from {Path}", path);
        }

        return path is not null;
    }
}
