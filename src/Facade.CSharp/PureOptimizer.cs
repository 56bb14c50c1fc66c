using MetricLearning.Core;

namespace MetricLearning;

/// <summary>
/// An optimizer as a value: it needs no parameters, for its key says whose they are, and its slots are part of the
/// training state. Formulas, arguments and defaults are PyTorch's. An argument out of range is an
/// <see cref="ArgumentException"/> that names it.
/// </summary>
public sealed class PureOptimizer
{
    private PureOptimizer(Optimizer value) => Value = value;

    private PureOptimizer(Rule rule, double lr)
        : this(OptimizerModule.create(rule, lr)) { }

    internal Optimizer Value { get; }

    /// <summary>The same optimizer, but parameters whose dotted names (such as <c>features.0.bias</c>)
    /// <paramref name="parameters"/> accepts follow the options and the learning rate of <paramref name="options"/>.
    /// A parameter belongs to the first group that accepts it.</summary>
    public PureOptimizer WithGroup(Predicate<string> parameters, PureOptimizer options) =>
        new(OptimizerModule.addGroup(parameters, options.Value.Rule, options.Value.LearningRate, Value));

    /// <summary>Stochastic gradient descent.</summary>
    public static PureOptimizer SGD(
        double lr = 1e-3,
        double momentum = 0,
        double dampening = 0,
        double weightDecay = 0,
        bool nesterov = false,
        bool maximize = false
    ) => new(Rule.NewSgd(new Sgd(momentum, dampening, weightDecay, nesterov, maximize)), lr);

    /// <summary>Adam (Kingma and Ba 2015); weight decay is part of the gradient.</summary>
    public static PureOptimizer Adam(
        double lr = 1e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double eps = 1e-8,
        double weightDecay = 0,
        bool amsgrad = false,
        bool maximize = false
    ) => new(Rule.NewAdam(new Adam(beta1, beta2, eps, weightDecay, amsgrad, maximize)), lr);

    /// <summary>AdamW (Loshchilov and Hutter 2019); weight decay shrinks the weights themselves.</summary>
    public static PureOptimizer AdamW(
        double lr = 1e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double eps = 1e-8,
        double weightDecay = 1e-2,
        bool amsgrad = false,
        bool maximize = false
    ) => new(Rule.NewAdamW(new Adam(beta1, beta2, eps, weightDecay, amsgrad, maximize)), lr);

    /// <summary>RMSProp (Hinton 2012).</summary>
    public static PureOptimizer RMSProp(
        double lr = 1e-2,
        double alpha = 0.99,
        double eps = 1e-8,
        double weightDecay = 0,
        double momentum = 0,
        bool centered = false,
        bool maximize = false
    ) => new(Rule.NewRmsProp(new RmsProp(alpha, eps, weightDecay, momentum, centered, maximize)), lr);

    /// <summary>Adagrad (Duchi et al. 2011).</summary>
    public static PureOptimizer Adagrad(
        double lr = 1e-2,
        double lrDecay = 0,
        double weightDecay = 0,
        double initialAccumulatorValue = 0,
        double eps = 1e-10,
        bool maximize = false
    ) => new(Rule.NewAdagrad(new Adagrad(lrDecay, weightDecay, initialAccumulatorValue, eps, maximize)), lr);

    /// <summary>Adadelta (Zeiler 2012).</summary>
    public static PureOptimizer Adadelta(
        double lr = 1,
        double rho = 0.9,
        double eps = 1e-6,
        double weightDecay = 0,
        bool maximize = false
    ) => new(Rule.NewAdadelta(new Adadelta(rho, eps, weightDecay, maximize)), lr);

    /// <summary>Adamax (Kingma and Ba 2015, section 7.1).</summary>
    public static PureOptimizer Adamax(
        double lr = 2e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double eps = 1e-8,
        double weightDecay = 0,
        bool maximize = false
    ) => new(Rule.NewAdamax(new Adamax(beta1, beta2, eps, weightDecay, maximize)), lr);

    /// <summary>NAdam (Dozat 2016).</summary>
    public static PureOptimizer NAdam(
        double lr = 2e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double eps = 1e-8,
        double weightDecay = 0,
        double momentumDecay = 4e-3,
        bool decoupledWeightDecay = false,
        bool maximize = false
    ) =>
        new(
            Rule.NewNAdam(new NAdam(beta1, beta2, eps, weightDecay, momentumDecay, decoupledWeightDecay, maximize)),
            lr
        );

    /// <summary>RAdam (Liu et al. 2020).</summary>
    public static PureOptimizer RAdam(
        double lr = 1e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double eps = 1e-8,
        double weightDecay = 0,
        bool decoupledWeightDecay = false,
        bool maximize = false
    ) => new(Rule.NewRAdam(new RAdam(beta1, beta2, eps, weightDecay, decoupledWeightDecay, maximize)), lr);
}
