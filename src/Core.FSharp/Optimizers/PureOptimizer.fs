namespace MetricLearning

open System
open System.Runtime.InteropServices

/// <summary>An optimizer as a value: it needs no parameters, for its key says whose they are, and its slots are part of
/// the training state. Formulas, arguments and defaults are PyTorch's. An argument out of range is an
/// <see cref="ArgumentException"/> that names it.</summary>
[<Sealed>]
type PureOptimizer
    internal (rule: Rule, lr: float, groups: struct (Predicate<string> * PureOptimizer) list, schedules: RuleSchedules)
    =
    inherit AnyOptimizer()

    private new(rule: Rule, lr: float) =
        Ranges.notNegative (nameof lr) lr
        rule.Validate()
        PureOptimizer(rule, lr, [], RuleSchedules.none)

    /// <summary>The learning rate, where no schedule moves it.</summary>
    member _.LearningRate = lr

    /// The formula of a step.
    member internal _.Rule = rule

    /// Rule and learning rate of each parameter group, first that of all parameters that no group covers.
    member internal _.Groups: struct (Rule * float)[] =
        [|
            struct (rule, lr)
            for struct (_, own) in groups do
                struct (own.Rule, own.LearningRate)
        |]

    /// The same after so many iterations and so many whole epochs of a run, where schedules move weight decay or momentum.
    member internal _.RulesAfter(steps: int64, epochs: int) : Rule[] =
        [|
            RuleSchedules.at steps epochs schedules rule
            for struct (_, own) in groups do
                own.RulesAfter(steps, epochs)[0]
        |]

    /// Index in `Groups` of the group that the parameter of this dotted name belongs to.
    member internal _.GroupOf(name: string) : int =
        match groups |> List.tryFindIndex (fun struct (covers, _) -> covers.Invoke name) with
        | Some index -> index + 1
        | None -> 0

    /// <summary>The same optimizer, with options and a learning rate of their own for some of the parameters. A parameter
    /// belongs to the first group that accepts it.</summary>
    /// <param name="parameters">Accepts parameters by their dotted names, such as <c>features.0.bias</c>.</param>
    /// <param name="options">Options and learning rate of the group.</param>
    member _.WithGroup(parameters: Predicate<string>, options: PureOptimizer) : PureOptimizer =
        ArgumentNullException.ThrowIfNull(parameters, nameof parameters)
        ArgumentNullException.ThrowIfNull(options, nameof options)
        PureOptimizer(rule, lr, groups @ [ struct (parameters, options) ], schedules)

    /// <summary>The same optimizer, with a weight decay that a schedule moves from the one that it was made with. It counts
    /// the run's iterations, which are part of the training state. A group of its own options has its own schedules.</summary>
    /// <param name="schedule">The curve. A plateau schedule, or one that drives another optimizer, is an
    /// <see cref="ArgumentException"/>.</param>
    /// <param name="byEpoch">It counts whole epochs instead.</param>
    member _.WithWeightDecaySchedule
        (schedule: Schedule, [<Optional; DefaultParameterValue(false)>] byEpoch: bool)
        : PureOptimizer =
        PureOptimizer(rule, lr, groups, schedules |> RuleSchedules.withDecay schedule byEpoch)

    /// <summary>The same optimizer, with a momentum that a schedule moves from the one that it was made with: SGD's and
    /// RMSProp's momentum, which must be above 0, or the first beta of Adam, AdamW, Adamax and RAdam. Another optimizer is an
    /// <see cref="InvalidOperationException"/>.</summary>
    /// <param name="schedule">The curve, such as <see cref="Schedule.OneCycleMomentum"/>. A plateau schedule, or one that drives another optimizer, is an
    /// <see cref="ArgumentException"/>.</param>
    /// <param name="byEpoch">It counts whole epochs instead of iterations.</param>
    member _.WithMomentumSchedule
        (schedule: Schedule, [<Optional; DefaultParameterValue(false)>] byEpoch: bool)
        : PureOptimizer =
        PureOptimizer(rule, lr, groups, schedules |> RuleSchedules.withMomentum rule schedule byEpoch)

    /// <summary>Stochastic gradient descent with momentum (Sutskever et al. 2013).</summary>
    /// <param name="lr">The learning rate, where no schedule moves it.</param>
    /// <param name="momentum">Fraction of the running sum of gradients that is kept at every step; 0 keeps no sum.</param>
    /// <param name="dampening">Fraction of a gradient that does not enter the sum.</param>
    /// <param name="weightDecay">Fraction of the weights that is added to their gradient.</param>
    /// <param name="nesterov">Looks ahead along the sum; needs momentum and no dampening.</param>
    /// <param name="maximize">Climbs the loss instead of descending.</param>
    static member SGD
        (
            [<Optional; DefaultParameterValue(1e-3)>] lr: float,
            [<Optional; DefaultParameterValue(0.0)>] momentum: float,
            [<Optional; DefaultParameterValue(0.0)>] dampening: float,
            [<Optional; DefaultParameterValue(0.0)>] weightDecay: float,
            [<Optional; DefaultParameterValue(false)>] nesterov: bool,
            [<Optional; DefaultParameterValue(false)>] maximize: bool
        ) : PureOptimizer =
        PureOptimizer(Sgd.rule (momentum, dampening, weightDecay, nesterov, maximize), lr)

    /// <summary>Adam (Kingma and Ba 2015); weight decay is part of the gradient.</summary>
    /// <param name="lr">The learning rate, where no schedule moves it.</param>
    /// <param name="beta1">Decay rate of the mean of gradients, from 0 to below 1.</param>
    /// <param name="beta2">Decay rate of the mean of squares, from 0 to below 1.</param>
    /// <param name="eps">Added to the divisor, so that it is never 0.</param>
    /// <param name="weightDecay">Fraction of the weights that is added to their gradient.</param>
    /// <param name="amsgrad">Divides by the largest mean of squares so far (Reddi et al. 2018).</param>
    /// <param name="maximize">Climbs the loss instead of descending.</param>
    static member Adam
        (
            [<Optional; DefaultParameterValue(1e-3)>] lr: float,
            [<Optional; DefaultParameterValue(0.9)>] beta1: float,
            [<Optional; DefaultParameterValue(0.999)>] beta2: float,
            [<Optional; DefaultParameterValue(1e-8)>] eps: float,
            [<Optional; DefaultParameterValue(0.0)>] weightDecay: float,
            [<Optional; DefaultParameterValue(false)>] amsgrad: bool,
            [<Optional; DefaultParameterValue(false)>] maximize: bool
        ) : PureOptimizer =
        PureOptimizer(Adam.rule (beta1, beta2, eps, weightDecay, amsgrad, maximize), lr)

    /// <summary>AdamW (Loshchilov and Hutter 2019); weight decay shrinks the weights themselves.</summary>
    /// <param name="lr">The learning rate, where no schedule moves it.</param>
    /// <param name="beta1">Decay rate of the mean of gradients, from 0 to below 1.</param>
    /// <param name="beta2">Decay rate of the mean of squares, from 0 to below 1.</param>
    /// <param name="eps">Added to the divisor, so that it is never 0.</param>
    /// <param name="weightDecay">Fraction of the weights that is taken off them at every step, times the learning rate.</param>
    /// <param name="amsgrad">Divides by the largest mean of squares so far (Reddi et al. 2018).</param>
    /// <param name="maximize">Climbs the loss instead of descending.</param>
    static member AdamW
        (
            [<Optional; DefaultParameterValue(1e-3)>] lr: float,
            [<Optional; DefaultParameterValue(0.9)>] beta1: float,
            [<Optional; DefaultParameterValue(0.999)>] beta2: float,
            [<Optional; DefaultParameterValue(1e-8)>] eps: float,
            [<Optional; DefaultParameterValue(1e-2)>] weightDecay: float,
            [<Optional; DefaultParameterValue(false)>] amsgrad: bool,
            [<Optional; DefaultParameterValue(false)>] maximize: bool
        ) : PureOptimizer =
        PureOptimizer(AdamW.rule (beta1, beta2, eps, weightDecay, amsgrad, maximize), lr)

    /// <summary>RMSProp (Hinton 2012; centered: Graves 2013).</summary>
    /// <param name="lr">The learning rate, where no schedule moves it.</param>
    /// <param name="alpha">Decay rate of the mean of squares.</param>
    /// <param name="eps">Added to the divisor, so that it is never 0.</param>
    /// <param name="weightDecay">Fraction of the weights that is added to their gradient.</param>
    /// <param name="momentum">Fraction of the running sum of steps that is kept; 0 keeps no sum.</param>
    /// <param name="centered">Divides by the standard deviation instead of the root mean square.</param>
    /// <param name="maximize">Climbs the loss instead of descending.</param>
    static member RMSProp
        (
            [<Optional; DefaultParameterValue(1e-2)>] lr: float,
            [<Optional; DefaultParameterValue(0.99)>] alpha: float,
            [<Optional; DefaultParameterValue(1e-8)>] eps: float,
            [<Optional; DefaultParameterValue(0.0)>] weightDecay: float,
            [<Optional; DefaultParameterValue(0.0)>] momentum: float,
            [<Optional; DefaultParameterValue(false)>] centered: bool,
            [<Optional; DefaultParameterValue(false)>] maximize: bool
        ) : PureOptimizer =
        PureOptimizer(RmsProp.rule (alpha, eps, weightDecay, momentum, centered, maximize), lr)

    /// <summary>Adagrad (Duchi et al. 2011).</summary>
    /// <param name="lr">The learning rate, where no schedule moves it.</param>
    /// <param name="lrDecay">The rate falls with the number of steps times this.</param>
    /// <param name="weightDecay">Fraction of the weights that is added to their gradient.</param>
    /// <param name="initialAccumulatorValue">Initial value of the sum of squares.</param>
    /// <param name="eps">Added to the divisor, so that it is never 0.</param>
    /// <param name="maximize">Climbs the loss instead of descending.</param>
    static member Adagrad
        (
            [<Optional; DefaultParameterValue(1e-2)>] lr: float,
            [<Optional; DefaultParameterValue(0.0)>] lrDecay: float,
            [<Optional; DefaultParameterValue(0.0)>] weightDecay: float,
            [<Optional; DefaultParameterValue(0.0)>] initialAccumulatorValue: float,
            [<Optional; DefaultParameterValue(1e-10)>] eps: float,
            [<Optional; DefaultParameterValue(false)>] maximize: bool
        ) : PureOptimizer =
        PureOptimizer(Adagrad.rule (lrDecay, weightDecay, initialAccumulatorValue, eps, maximize), lr)

    /// <summary>Adadelta (Zeiler 2012).</summary>
    /// <param name="lr">The learning rate, where no schedule moves it.</param>
    /// <param name="rho">Decay rate of the means of squares, from 0 to 1.</param>
    /// <param name="eps">Added to the divisor, so that it is never 0.</param>
    /// <param name="weightDecay">Fraction of the weights that is added to their gradient.</param>
    /// <param name="maximize">Climbs the loss instead of descending.</param>
    static member Adadelta
        (
            [<Optional; DefaultParameterValue(1.0)>] lr: float,
            [<Optional; DefaultParameterValue(0.9)>] rho: float,
            [<Optional; DefaultParameterValue(1e-6)>] eps: float,
            [<Optional; DefaultParameterValue(0.0)>] weightDecay: float,
            [<Optional; DefaultParameterValue(false)>] maximize: bool
        ) : PureOptimizer =
        PureOptimizer(Adadelta.rule (rho, eps, weightDecay, maximize), lr)

    /// <summary>Adamax (Kingma and Ba 2015, section 7.1).</summary>
    /// <param name="lr">The learning rate, where no schedule moves it.</param>
    /// <param name="beta1">Decay rate of the mean of gradients, from 0 to below 1.</param>
    /// <param name="beta2">Decay rate of the running maximum, from 0 to below 1.</param>
    /// <param name="eps">Added to the divisor, so that it is never 0.</param>
    /// <param name="weightDecay">Fraction of the weights that is added to their gradient.</param>
    /// <param name="maximize">Climbs the loss instead of descending.</param>
    static member Adamax
        (
            [<Optional; DefaultParameterValue(2e-3)>] lr: float,
            [<Optional; DefaultParameterValue(0.9)>] beta1: float,
            [<Optional; DefaultParameterValue(0.999)>] beta2: float,
            [<Optional; DefaultParameterValue(1e-8)>] eps: float,
            [<Optional; DefaultParameterValue(0.0)>] weightDecay: float,
            [<Optional; DefaultParameterValue(false)>] maximize: bool
        ) : PureOptimizer =
        PureOptimizer(Adamax.rule (beta1, beta2, eps, weightDecay, maximize), lr)

    /// <summary>NAdam (Dozat 2016).</summary>
    /// <param name="lr">The learning rate, where no schedule moves it.</param>
    /// <param name="beta1">Decay rate of the mean of gradients, from 0 to below 1.</param>
    /// <param name="beta2">Decay rate of the mean of squares, from 0 to below 1.</param>
    /// <param name="eps">Added to the divisor, so that it is never 0.</param>
    /// <param name="weightDecay">Fraction of the weights that is added to their gradient.</param>
    /// <param name="momentumDecay">Speed at which the momentum approaches its limit.</param>
    /// <param name="decoupledWeightDecay">The decay shrinks the weights themselves, as in AdamW.</param>
    /// <param name="maximize">Climbs the loss instead of descending.</param>
    static member NAdam
        (
            [<Optional; DefaultParameterValue(2e-3)>] lr: float,
            [<Optional; DefaultParameterValue(0.9)>] beta1: float,
            [<Optional; DefaultParameterValue(0.999)>] beta2: float,
            [<Optional; DefaultParameterValue(1e-8)>] eps: float,
            [<Optional; DefaultParameterValue(0.0)>] weightDecay: float,
            [<Optional; DefaultParameterValue(4e-3)>] momentumDecay: float,
            [<Optional; DefaultParameterValue(false)>] decoupledWeightDecay: bool,
            [<Optional; DefaultParameterValue(false)>] maximize: bool
        ) : PureOptimizer =
        PureOptimizer(NAdam.rule (beta1, beta2, eps, weightDecay, momentumDecay, decoupledWeightDecay, maximize), lr)

    /// <summary>RAdam (Liu et al. 2020).</summary>
    /// <param name="lr">The learning rate, where no schedule moves it.</param>
    /// <param name="beta1">Decay rate of the mean of gradients, from 0 to below 1.</param>
    /// <param name="beta2">Decay rate of the mean of squares, from 0 to below 1.</param>
    /// <param name="eps">Added to the divisor, so that it is never 0.</param>
    /// <param name="weightDecay">Fraction of the weights that is added to their gradient.</param>
    /// <param name="decoupledWeightDecay">The decay shrinks the weights themselves, as in AdamW.</param>
    /// <param name="maximize">Climbs the loss instead of descending.</param>
    static member RAdam
        (
            [<Optional; DefaultParameterValue(1e-3)>] lr: float,
            [<Optional; DefaultParameterValue(0.9)>] beta1: float,
            [<Optional; DefaultParameterValue(0.999)>] beta2: float,
            [<Optional; DefaultParameterValue(1e-8)>] eps: float,
            [<Optional; DefaultParameterValue(0.0)>] weightDecay: float,
            [<Optional; DefaultParameterValue(false)>] decoupledWeightDecay: bool,
            [<Optional; DefaultParameterValue(false)>] maximize: bool
        ) : PureOptimizer =
        PureOptimizer(RAdam.rule (beta1, beta2, eps, weightDecay, decoupledWeightDecay, maximize), lr)
