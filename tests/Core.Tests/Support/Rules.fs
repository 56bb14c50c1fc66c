module MetricLearning.Core.Tests.Support.Rules

open MetricLearning
open MetricLearning.Core

let internal sgd =
    {
        Momentum = 0.0
        Dampening = 0.0
        WeightDecay = 0.0
        Nesterov = false
        Maximize = false
    }

let internal adam =
    {
        Beta1 = 0.9
        Beta2 = 0.999
        Eps = 1e-8
        WeightDecay = 0.0
        AmsGrad = false
        Maximize = false
    }

let internal rms =
    {
        Alpha = 0.99
        Eps = 1e-8
        WeightDecay = 0.0
        Momentum = 0.0
        Centered = false
        Maximize = false
    }

let internal adagrad: Adagrad =
    {
        LrDecay = 0.0
        WeightDecay = 0.0
        InitialAccumulatorValue = 0.0
        Eps = 1e-10
        Maximize = false
    }

let internal adadelta: Adadelta =
    {
        Rho = 0.9
        Eps = 1e-6
        WeightDecay = 0.0
        Maximize = false
    }

let internal adamax: Adamax =
    {
        Beta1 = 0.9
        Beta2 = 0.999
        Eps = 1e-8
        WeightDecay = 0.0
        Maximize = false
    }

let internal nAdam: NAdam =
    {
        Beta1 = 0.9
        Beta2 = 0.999
        Eps = 1e-8
        WeightDecay = 0.0
        MomentumDecay = 4e-3
        DecoupledWeightDecay = false
        Maximize = false
    }

let internal rAdam: RAdam =
    {
        Beta1 = 0.9
        Beta2 = 0.999
        Eps = 1e-8
        WeightDecay = 0.0
        DecoupledWeightDecay = false
        Maximize = false
    }

/// Every rule with every option in use somewhere, and a name to tell them by.
let internal all: (string * Rule) list =
    [
        "SGD", Rule.Sgd sgd
        "SGD weight decay", Rule.Sgd { sgd with WeightDecay = 0.1 }
        "SGD momentum", Rule.Sgd { sgd with Momentum = 0.9 }
        "SGD dampening",
        Rule.Sgd
            { sgd with
                Momentum = 0.9
                Dampening = 0.3
                WeightDecay = 0.01
            }
        "SGD nesterov",
        Rule.Sgd
            { sgd with
                Momentum = 0.8
                Nesterov = true
                WeightDecay = 0.01
            }
        "SGD maximize",
        Rule.Sgd
            { sgd with
                Momentum = 0.9
                Maximize = true
            }
        "SGD maximize weight decay",
        Rule.Sgd
            { sgd with
                Momentum = 0.9
                Maximize = true
                WeightDecay = 0.1
            }
        "Adam", Rule.Adam adam
        "Adam weight decay",
        Rule.Adam
            { adam with
                WeightDecay = 0.1
                Beta1 = 0.8
                Beta2 = 0.99
                Eps = 1e-3
            }
        "Adam amsgrad maximize",
        Rule.Adam
            { adam with
                AmsGrad = true
                Maximize = true
                WeightDecay = 0.05
            }
        "AdamW", Rule.AdamW { adam with WeightDecay = 0.1 }
        "AdamW amsgrad maximize",
        Rule.AdamW
            { adam with
                WeightDecay = 0.1
                AmsGrad = true
                Maximize = true
            }
        "RMSProp", Rule.RmsProp rms
        "RMSProp centered",
        Rule.RmsProp
            { rms with
                Centered = true
                WeightDecay = 0.1
            }
        "RMSProp momentum",
        Rule.RmsProp
            { rms with
                Momentum = 0.9
                Alpha = 0.9
                Maximize = true
            }
        "RMSProp centered momentum",
        Rule.RmsProp
            { rms with
                Momentum = 0.5
                Centered = true
                Eps = 1e-4
            }
        "Adagrad", Rule.Adagrad adagrad
        "Adagrad options",
        Rule.Adagrad
            { adagrad with
                LrDecay = 0.1
                WeightDecay = 0.1
                InitialAccumulatorValue = 0.5
            }
        "Adadelta", Rule.Adadelta adadelta
        "Adadelta options",
        Rule.Adadelta
            { adadelta with
                Rho = 0.8
                WeightDecay = 0.1
                Maximize = true
            }
        "Adamax", Rule.Adamax adamax
        "Adamax options",
        Rule.Adamax
            { adamax with
                Beta2 = 0.9
                WeightDecay = 0.1
                Eps = 1e-3
            }
        "NAdam", Rule.NAdam nAdam
        "NAdam options",
        Rule.NAdam
            { nAdam with
                WeightDecay = 0.1
                MomentumDecay = 0.1
                Beta1 = 0.8
            }
        "RAdam", Rule.RAdam rAdam
        "RAdam options",
        Rule.RAdam
            { rAdam with
                WeightDecay = 0.1
                Beta2 = 0.9
            }
        // What TorchSharp's optimizers do not have.
        "Adagrad maximize", Rule.Adagrad { adagrad with Maximize = true }
        "Adamax maximize",
        Rule.Adamax
            { adamax with
                Maximize = true
                WeightDecay = 0.1
            }
        "NAdam decoupled",
        Rule.NAdam
            { nAdam with
                DecoupledWeightDecay = true
                WeightDecay = 0.1
            }
        "NAdam maximize", Rule.NAdam { nAdam with Maximize = true }
        "RAdam decoupled",
        Rule.RAdam
            { rAdam with
                DecoupledWeightDecay = true
                WeightDecay = 0.1
            }
        "RAdam maximize", Rule.RAdam { rAdam with Maximize = true }
    ]
