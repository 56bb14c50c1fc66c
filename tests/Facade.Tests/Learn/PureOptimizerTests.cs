using Xunit;

namespace MetricLearning.Tests.Learn;

public sealed class PureOptimizerTests
{
    [Fact]
    public void Options_are_named_arguments()
    {
        var optimizer = PureOptimizer
            .AdamW(0.5, weightDecay: 0.1)
            .WithGroup(name => name.EndsWith("bias"), PureOptimizer.AdamW(weightDecay: 0));

        Assert.Equal(0.5, optimizer.LearningRate);
        Assert.Equal(1e-3, PureOptimizer.SGD(momentum: 0.9, nesterov: true).LearningRate);
    }
}
