using MetricLearning.Core;
using Xunit;

namespace MetricLearning.Tests.Learn;

public sealed class PureOptimizerTests
{
    private static Optimizer Value(PureOptimizer value) => value.Value;

    [Fact]
    public void Defaults_are_the_core_s()
    {
        Assert.Equal(OptimizerModule.sgd(1e-3), Value(PureOptimizer.SGD()));
        Assert.Equal(OptimizerModule.adam(1e-3), Value(PureOptimizer.Adam()));
        Assert.Equal(OptimizerModule.adamW(1e-3), Value(PureOptimizer.AdamW()));
        Assert.Equal(OptimizerModule.rmsProp(1e-2), Value(PureOptimizer.RMSProp()));
        Assert.Equal(OptimizerModule.adagrad(1e-2), Value(PureOptimizer.Adagrad()));
        Assert.Equal(OptimizerModule.adadelta(1), Value(PureOptimizer.Adadelta()));
        Assert.Equal(OptimizerModule.adamax(2e-3), Value(PureOptimizer.Adamax()));
        Assert.Equal(OptimizerModule.nAdam(2e-3), Value(PureOptimizer.NAdam()));
        Assert.Equal(OptimizerModule.rAdam(1e-3), Value(PureOptimizer.RAdam()));
    }

    [Fact]
    public void Arguments_arrive_where_they_belong()
    {
        var rule = Value(PureOptimizer.SGD(0.5, momentum: 0.9, dampening: 0.1, weightDecay: 0.2, maximize: true));
        Assert.Equal(0.5, rule.LearningRate);
        Assert.Equal(Rule.NewSgd(new Sgd(0.9, 0.1, 0.2, false, true)), rule.Rule);
        Assert.Equal(
            Rule.NewAdam(new Adam(0.8, 0.9, 1e-3, 0.2, true, false)),
            Value(PureOptimizer.Adam(beta1: 0.8, beta2: 0.9, eps: 1e-3, weightDecay: 0.2, amsgrad: true)).Rule
        );
        Assert.Equal(
            Rule.NewRmsProp(new RmsProp(0.8, 1e-3, 0.2, 0.7, true, false)),
            Value(PureOptimizer.RMSProp(alpha: 0.8, eps: 1e-3, weightDecay: 0.2, momentum: 0.7, centered: true)).Rule
        );
        Assert.Equal(
            Rule.NewAdagrad(new Adagrad(0.1, 0.2, 0.3, 1e-3, true)),
            Value(PureOptimizer.Adagrad(1, 0.1, 0.2, 0.3, 1e-3, true)).Rule
        );
        Assert.Equal(
            Rule.NewNAdam(new NAdam(0.8, 0.9, 1e-3, 0.1, 0.2, true, false)),
            Value(
                PureOptimizer.NAdam(
                    beta1: 0.8,
                    beta2: 0.9,
                    eps: 1e-3,
                    weightDecay: 0.1,
                    momentumDecay: 0.2,
                    decoupledWeightDecay: true
                )
            ).Rule
        );
    }

    [Fact]
    public void A_group_has_the_options_of_another_optimizer()
    {
        var optimizer = Value(
            PureOptimizer
                .AdamW(weightDecay: 0.1)
                .WithGroup(name => name.EndsWith("bias"), PureOptimizer.AdamW(0.5, weightDecay: 0))
        );
        Assert.Equal(0, OptimizerModule.groupOf(optimizer, "0.weight"));
        Assert.Equal(1, OptimizerModule.groupOf(optimizer, "0.bias"));
        Assert.Equal(0.5, OptimizerModule.groups(optimizer)[1].Item2);
        Assert.Equal(Value(PureOptimizer.AdamW(0.5, weightDecay: 0)).Rule, OptimizerModule.groups(optimizer)[1].Item1);
    }

    public static TheoryData<string, Action> Mistakes =>
        new()
        {
            { "lr", () => PureOptimizer.SGD(-1) },
            { "momentum", () => PureOptimizer.SGD(momentum: double.NaN) },
            { "nesterov", () => PureOptimizer.SGD(nesterov: true) },
            { "beta1", () => PureOptimizer.Adam(beta1: 1) },
            { "beta2", () => PureOptimizer.AdamW(beta2: -0.1) },
            { "eps", () => PureOptimizer.Adamax(eps: -1) },
            { "weightDecay", () => PureOptimizer.RAdam(weightDecay: -1) },
            { "alpha", () => PureOptimizer.RMSProp(alpha: -1) },
            { "rho", () => PureOptimizer.Adadelta(rho: 2) },
            { "lrDecay", () => PureOptimizer.Adagrad(lrDecay: -1) },
            { "initialAccumulatorValue", () => PureOptimizer.Adagrad(initialAccumulatorValue: -1) },
            { "momentumDecay", () => PureOptimizer.NAdam(momentumDecay: -1) },
        };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_names_its_argument(string argument, Action act) =>
        Assert.Equal(argument, Assert.ThrowsAny<ArgumentException>(act).ParamName);
}
