module MetricLearning.Core.Tests.Support.Rules

open MetricLearning
open MetricLearning.Core.Tests.Support.Formulas

// Those whose eps differs from the others'.
let private adagrad = { options with Eps = 1e-10 }
let private adadelta = { options with Eps = 1e-6 }

/// Every kind with every option in use somewhere, and a name to tell them by.
let internal cases: (string * Kind * Options) list =
    [
        "SGD", SGD, options
        "SGD weight decay", SGD, { options with WeightDecay = 0.1 }
        "SGD momentum", SGD, { options with Momentum = 0.9 }
        "SGD dampening",
        SGD,
        { options with
            Momentum = 0.9
            Dampening = 0.3
            WeightDecay = 0.01
        }
        "SGD nesterov",
        SGD,
        { options with
            Momentum = 0.8
            Nesterov = true
            WeightDecay = 0.01
        }
        "SGD maximize",
        SGD,
        { options with
            Momentum = 0.9
            Maximize = true
        }
        "SGD maximize weight decay",
        SGD,
        { options with
            Momentum = 0.9
            Maximize = true
            WeightDecay = 0.1
        }
        "Adam", Adam, options
        "Adam weight decay",
        Adam,
        { options with
            WeightDecay = 0.1
            Beta1 = 0.8
            Beta2 = 0.99
            Eps = 1e-3
        }
        "Adam amsgrad maximize",
        Adam,
        { options with
            AmsGrad = true
            Maximize = true
            WeightDecay = 0.05
        }
        "AdamW", AdamW, { options with WeightDecay = 0.1 }
        "AdamW amsgrad maximize",
        AdamW,
        { options with
            WeightDecay = 0.1
            AmsGrad = true
            Maximize = true
        }
        "RMSProp", RMSProp, options
        "RMSProp centered",
        RMSProp,
        { options with
            Centered = true
            WeightDecay = 0.1
        }
        "RMSProp momentum",
        RMSProp,
        { options with
            Momentum = 0.9
            Alpha = 0.9
            Maximize = true
        }
        "RMSProp centered momentum",
        RMSProp,
        { options with
            Momentum = 0.5
            Centered = true
            Eps = 1e-4
        }
        "Adagrad", Adagrad, adagrad
        "Adagrad options",
        Adagrad,
        { adagrad with
            LrDecay = 0.1
            WeightDecay = 0.1
            InitialAccumulatorValue = 0.5
        }
        "Adadelta", Adadelta, adadelta
        "Adadelta options",
        Adadelta,
        { adadelta with
            Rho = 0.8
            WeightDecay = 0.1
            Maximize = true
        }
        "Adamax", Adamax, options
        "Adamax options",
        Adamax,
        { options with
            Beta2 = 0.9
            WeightDecay = 0.1
            Eps = 1e-3
        }
        "NAdam", NAdam, options
        "NAdam options",
        NAdam,
        { options with
            WeightDecay = 0.1
            MomentumDecay = 0.1
            Beta1 = 0.8
        }
        "RAdam", RAdam, options
        "RAdam options",
        RAdam,
        { options with
            WeightDecay = 0.1
            Beta2 = 0.9
        }
        // What TorchSharp's optimizers do not have.
        "Adagrad maximize", Adagrad, { adagrad with Maximize = true }
        "Adamax maximize",
        Adamax,
        { options with
            Maximize = true
            WeightDecay = 0.1
        }
        "NAdam decoupled",
        NAdam,
        { options with
            DecoupledWeightDecay = true
            WeightDecay = 0.1
        }
        "NAdam maximize", NAdam, { options with Maximize = true }
        "RAdam decoupled",
        RAdam,
        { options with
            DecoupledWeightDecay = true
            WeightDecay = 0.1
        }
        "RAdam maximize", RAdam, { options with Maximize = true }
    ]

/// The optimizer of a kind with these options.
let internal optimizer (kind: Kind) (o: Options) : PureOptimizer =
    match kind with
    | SGD ->
        PureOptimizer.SGD(
            momentum = o.Momentum,
            dampening = o.Dampening,
            weightDecay = o.WeightDecay,
            nesterov = o.Nesterov,
            maximize = o.Maximize
        )
    | Adam ->
        PureOptimizer.Adam(
            beta1 = o.Beta1,
            beta2 = o.Beta2,
            eps = o.Eps,
            weightDecay = o.WeightDecay,
            amsgrad = o.AmsGrad,
            maximize = o.Maximize
        )
    | AdamW ->
        PureOptimizer.AdamW(
            beta1 = o.Beta1,
            beta2 = o.Beta2,
            eps = o.Eps,
            weightDecay = o.WeightDecay,
            amsgrad = o.AmsGrad,
            maximize = o.Maximize
        )
    | RMSProp ->
        PureOptimizer.RMSProp(
            alpha = o.Alpha,
            eps = o.Eps,
            weightDecay = o.WeightDecay,
            momentum = o.Momentum,
            centered = o.Centered,
            maximize = o.Maximize
        )
    | Adagrad ->
        PureOptimizer.Adagrad(
            lrDecay = o.LrDecay,
            weightDecay = o.WeightDecay,
            initialAccumulatorValue = o.InitialAccumulatorValue,
            eps = o.Eps,
            maximize = o.Maximize
        )
    | Adadelta -> PureOptimizer.Adadelta(rho = o.Rho, eps = o.Eps, weightDecay = o.WeightDecay, maximize = o.Maximize)
    | Adamax ->
        PureOptimizer.Adamax(
            beta1 = o.Beta1,
            beta2 = o.Beta2,
            eps = o.Eps,
            weightDecay = o.WeightDecay,
            maximize = o.Maximize
        )
    | NAdam ->
        PureOptimizer.NAdam(
            beta1 = o.Beta1,
            beta2 = o.Beta2,
            eps = o.Eps,
            weightDecay = o.WeightDecay,
            momentumDecay = o.MomentumDecay,
            decoupledWeightDecay = o.DecoupledWeightDecay,
            maximize = o.Maximize
        )
    | RAdam ->
        PureOptimizer.RAdam(
            beta1 = o.Beta1,
            beta2 = o.Beta2,
            eps = o.Eps,
            weightDecay = o.WeightDecay,
            decoupledWeightDecay = o.DecoupledWeightDecay,
            maximize = o.Maximize
        )

/// Every rule with every option in use somewhere, and a name to tell them by.
let internal all: (string * Rule) list =
    [ for name, kind, options in cases -> name, (optimizer kind options).Rule ]
