using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// A trainer of your own without a subclass: a function from a batch to named losses. Everything else (order of data,
/// optimizers, schedules, freezing, hooks, states) is that of every trainer.
/// </summary>
public sealed class CustomTrainer : BaseTrainer
{
    /// <summary>
    /// Sets the run up. The trunk maps each sample by itself; <paramref name="losses"/> sees all rows of its output.
    /// </summary>
    /// <param name="options">The options of the run; networks and losses may have any names.</param>
    /// <param name="losses">
    /// The losses of a batch by name, each a scalar. They are weighted and added up by the trainer.
    /// </param>
    /// <param name="lossNames">
    /// The names that <paramref name="losses"/> uses and that are no keys of <see cref="RunOptions.LossFuncs"/>.
    /// </param>
    /// <exception cref="SetupException">The options have mistakes: all of them, together.</exception>
    public CustomTrainer(
        TrainerOptions options,
        Func<StepContext, IEnumerable<KeyValuePair<string, Tensor>>> losses,
        params IReadOnlyList<string> lossNames
    )
        : base(Interop.CustomRecipe(options, losses, lossNames), options) { }

    /// <summary>
    /// Sets the run up in two halves: <paramref name="rows"/> maps each sample by itself, <paramref name="losses"/> sees all
    /// rows that come out of it.
    /// </summary>
    /// <param name="options">The options of the run; networks and losses may have any names.</param>
    /// <param name="rows">
    /// The outputs of the networks for a batch: tensors whose first dimension counts the samples. A row may depend on its own
    /// sample only.
    /// </param>
    /// <param name="losses">
    /// The losses of the rows by name, each a scalar. They are weighted and added up by the trainer.
    /// </param>
    /// <param name="lossNames">
    /// The names that <paramref name="losses"/> uses and that are no keys of <see cref="RunOptions.LossFuncs"/>.
    /// </param>
    /// <exception cref="SetupException">The options have mistakes: all of them, together.</exception>
    public CustomTrainer(
        TrainerOptions options,
        Func<RowContext, IReadOnlyList<Tensor>> rows,
        Func<WholeContext, IEnumerable<KeyValuePair<string, Tensor>>> losses,
        params IReadOnlyList<string> lossNames
    )
        : base(Interop.CustomRecipe(options, rows, losses, lossNames), options) { }
}
