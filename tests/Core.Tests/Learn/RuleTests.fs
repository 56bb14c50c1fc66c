module MetricLearning.Core.Tests.Learn.RuleTests

open System
open Expecto
open MetricLearning.Core
open MetricLearning.Core.Tests.Learn.Weights
open TorchSharp

let private sgd =
    {
        Momentum = 0.0
        Dampening = 0.0
        WeightDecay = 0.0
        Nesterov = false
        Maximize = false
    }

let private adam =
    {
        Beta1 = 0.9
        Beta2 = 0.999
        Eps = 1e-8
        WeightDecay = 0.0
        AmsGrad = false
        Maximize = false
    }

let private rms =
    {
        Alpha = 0.99
        Eps = 1e-8
        WeightDecay = 0.0
        Momentum = 0.0
        Centered = false
        Maximize = false
    }

let private adagrad: Adagrad =
    {
        LrDecay = 0.0
        WeightDecay = 0.0
        InitialAccumulatorValue = 0.0
        Eps = 1e-10
        Maximize = false
    }

let private adadelta: Adadelta =
    {
        Rho = 0.9
        Eps = 1e-6
        WeightDecay = 0.0
        Maximize = false
    }

let private adamax: Adamax =
    {
        Beta1 = 0.9
        Beta2 = 0.999
        Eps = 1e-8
        WeightDecay = 0.0
        Maximize = false
    }

let private nAdam: NAdam =
    {
        Beta1 = 0.9
        Beta2 = 0.999
        Eps = 1e-8
        WeightDecay = 0.0
        MomentumDecay = 4e-3
        DecoupledWeightDecay = false
        Maximize = false
    }

let private rAdam: RAdam =
    {
        Beta1 = 0.9
        Beta2 = 0.999
        Eps = 1e-8
        WeightDecay = 0.0
        DecoupledWeightDecay = false
        Maximize = false
    }

/// Every rule with every option in use somewhere, and a name to tell them by.
let all: (string * Rule) list =
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

let private shape = [| 3L; 7L |]

/// Libtorch alone, in chunks so small that parameters are cut; and in one chunk.
let plainIn chunk layout = new FlatUpdate(layout, chunk, false)

let private formulas (name: string, update) =
    testList
        $"fifty steps are the formula, number by number: {name}"
        [
            for rule, it in all ->
                test rule {
                    use _ = torch.NewDisposeScope()
                    let start = tensor 1L torch.float64 shape

                    let gradients =
                        [ for step in 1L .. 50L -> tensor (100L + step) torch.float64 shape ]

                    use group = groupWith update it 0.03 [| start |]

                    for gradient in gradients do
                        step group [| gradient |]

                    let histories = gradients |> List.map values
                    let after = values (shown group 0)

                    values start
                    |> Array.iteri (fun index start ->
                        let expected =
                            Formulas.follow it 0.03 start [ for step in histories -> step[index] ]

                        Expect.isLessThan (abs (after[index] - expected)) 1e-12 $"weight {index}")
                }
        ]

let private precision =
    testList
        "float32 and bfloat16 follow float64 as closely as they can"
        [
            for rule, it in all ->
                test rule {
                    for dtype, near in [ torch.float32, 1e-4; torch.bfloat16, 0.3 ] do
                        use _ = torch.NewDisposeScope()
                        let start = tensor 1L torch.float64 shape
                        use fine = group it 0.01 [| start |]
                        use coarse = group it 0.01 [| start.``to`` dtype |]

                        for time in 1L .. 20L do
                            let gradient = tensor (100L + time) torch.float64 shape
                            step fine [| gradient |]
                            step coarse [| gradient.``to`` dtype |]

                        let show (group: Group) = shown group 0

                        Expect.equal (show coarse).dtype dtype "the dtype stays"
                        Expect.isLessThan (distance (show fine) (show coarse)) near $"{dtype}"
                }
        ]

let private fused =
    testList
        "one pass over memory and libtorch's passes agree, and fill the same slots"
        [
            for rule, it in all ->
                test rule {
                    use _ = torch.NewDisposeScope()
                    let shapes = [| [| 5L; 3L |]; [| 1L |]; [| 140L; 1000L |]; [||] |]

                    let start =
                        shapes
                        |> Array.mapi (fun index shape -> tensor (int64 index) torch.float64 shape)

                    use one = group it 0.01 start
                    use other = groupWith (plainIn Int64.MaxValue) it 0.01 start

                    for time in 1L .. 5L do
                        let gradients: (torch.Tensor | null)[] =
                            shapes
                            |> Array.mapi (fun index shape -> tensor (time * 10L + int64 index) torch.float64 shape)

                        step one gradients
                        step other gradients

                    for left, right in
                        Seq.zip (Seq.append one.Slots [ one.Weights ]) (Seq.append other.Slots [ other.Weights ]) do
                        for index in 0 .. shapes.Length - 1 do
                            Expect.isLessThan
                                (distance (place one left index) (place other right index))
                                1e-13
                                $"p{index}"
                }
        ]

let private refusals =
    testList
        "options out of range are refused by name"
        [
            for name, rule in
                [
                    "momentum", Rule.Sgd { sgd with Momentum = -0.1 }
                    "nesterov", Rule.Sgd { sgd with Nesterov = true }
                    "nesterov",
                    Rule.Sgd
                        { sgd with
                            Nesterov = true
                            Momentum = 0.9
                            Dampening = 0.1
                        }
                    "beta1", Rule.Adam { adam with Beta1 = 1.0 }
                    "beta2", Rule.AdamW { adam with Beta2 = nan }
                    "eps", Rule.Adamax { adamax with Eps = -1.0 }
                    "alpha", Rule.RmsProp { rms with Alpha = infinity }
                    "lrDecay", Rule.Adagrad { adagrad with LrDecay = -1.0 }
                    "initialAccumulatorValue",
                    Rule.Adagrad
                        { adagrad with
                            InitialAccumulatorValue = -1.0
                        }
                    "rho", Rule.Adadelta { adadelta with Rho = 1.5 }
                    "momentumDecay", Rule.NAdam { nAdam with MomentumDecay = -1.0 }
                    "weightDecay", Rule.RAdam { rAdam with WeightDecay = nan }
                ] ->
                test $"{name} of {rule}" {
                    Expect.throwsC (fun () -> Optimizer.create rule 0.1 |> ignore) (fun error ->
                        Expect.equal (error :?> ArgumentException).ParamName name "the argument's name")
                }
        ]

let tests =
    testList
        "rules"
        [
            formulas ("in one pass", fun layout -> new FlatUpdate(layout))
            formulas ("by libtorch", plainIn Int64.MaxValue)
            formulas ("by libtorch, cut", plainIn 8L)
            precision
            fused
            refusals
        ]
