using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// A trainer of your own without a subclass: a function from a batch to named losses. Everything else (order of data,
/// optimizers, schedules, freezing, hooks, states) is that of every trainer.
/// </summary>
public sealed class CustomTrainer : BaseTrainer
{
    /// <summary>Sets the run up.</summary>
    /// <param name="options">What the trainer takes; networks and losses may have any names.</param>
    /// <param name="losses">
    /// The losses of a batch by name, each a scalar. They are weighted and added up by the trainer.
    /// </param>
    /// <param name="lossNames">
    /// The names that <paramref name="losses"/> uses and that are no keys of <see cref="TrainerOptions.LossFuncs"/>.
    /// </param>
    /// <exception cref="SetupException">The options have mistakes: all of them, together.</exception>
    public CustomTrainer(
        TrainerOptions options,
        Func<StepContext, IEnumerable<KeyValuePair<string, Tensor>>> losses,
        params IReadOnlyList<string> lossNames
    )
        : base(Interop.CustomRecipe(options, losses, lossNames), options) { }
}
