using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>An optimizer of TorchSharp or of this library; both convert to it by themselves.</summary>
public sealed class AnyOptimizer
{
    internal OptimizerChoice Choice { get; }

    private AnyOptimizer(OptimizerChoice choice) => Choice = choice;

    /// <summary>TorchSharp's own optimizer, over the parameters it was made with.</summary>
    public static implicit operator AnyOptimizer(optim.Optimizer optimizer) =>
        new(OptimizerChoice.NewTorch(optimizer ?? throw new ArgumentNullException(nameof(optimizer))));

    /// <summary>An optimizer that is a value; its key says whose parameters it steps.</summary>
    public static implicit operator AnyOptimizer(PureOptimizer optimizer) =>
        new(OptimizerChoice.NewPure(optimizer ?? throw new ArgumentNullException(nameof(optimizer))));
}
