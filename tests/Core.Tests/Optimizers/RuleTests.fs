module MetricLearning.Core.Tests.Optimizers.RuleTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Weights

let private shape = [| 3L; 7L |]

let private formulas (name: string) (group: Rule -> float -> torch.Tensor[] -> Group) =
    testList
        $"fifty steps are the formula, number by number: {name}"
        [
            for name, kind, options in Rules.cases ->
                test name {
                    use _ = torch.NewDisposeScope()
                    let start = tensor 1L torch.float64 shape

                    let gradients =
                        [ for step in 1L .. 50L -> tensor (100L + step) torch.float64 shape ]

                    use group = group (Rules.optimizer kind options).Rule 0.03 [| start |]

                    for gradient in gradients do
                        step group [| gradient |]

                    let histories = gradients |> List.map values
                    let after = values (shown group 0)

                    values start
                    |> Array.iteri (fun index start ->
                        let expected =
                            Formulas.follow kind options 0.03 start [ for step in histories -> step[index] ]

                        Expect.isLessThan (abs (after[index] - expected)) 1e-12 $"weight {index}")
                }
        ]

let private precision =
    testList
        "float32 and bfloat16 follow float64 as closely as they can"
        [
            for rule, it in Rules.all ->
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
            for rule, it in Rules.all ->
                test rule {
                    use _ = torch.NewDisposeScope()
                    let shapes = [| [| 5L; 3L |]; [| 1L |]; [| 140L; 1000L |]; [||] |]

                    let start =
                        shapes
                        |> Array.mapi (fun index shape -> tensor (int64 index) torch.float64 shape)

                    use one = group it 0.01 start
                    use other = plain Int64.MaxValue it 0.01 start

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
            for index, (name, make) in
                List.indexed
                    [
                        "lr", (fun () -> PureOptimizer.SGD -1.0)
                        "momentum", (fun () -> PureOptimizer.SGD(momentum = -0.1))
                        "momentum", (fun () -> PureOptimizer.SGD(momentum = nan))
                        "nesterov", (fun () -> PureOptimizer.SGD(nesterov = true))
                        "nesterov", (fun () -> PureOptimizer.SGD(momentum = 0.9, dampening = 0.1, nesterov = true))
                        "beta1", (fun () -> PureOptimizer.Adam(beta1 = 1.0))
                        "beta2", (fun () -> PureOptimizer.AdamW(beta2 = nan))
                        "beta2", (fun () -> PureOptimizer.AdamW(beta2 = -0.1))
                        "eps", (fun () -> PureOptimizer.Adamax(eps = -1.0))
                        "alpha", (fun () -> PureOptimizer.RMSProp(alpha = infinity))
                        "lrDecay", (fun () -> PureOptimizer.Adagrad(lrDecay = -1.0))
                        "initialAccumulatorValue", (fun () -> PureOptimizer.Adagrad(initialAccumulatorValue = -1.0))
                        "rho", (fun () -> PureOptimizer.Adadelta(rho = 1.5))
                        "momentumDecay", (fun () -> PureOptimizer.NAdam(momentumDecay = -1.0))
                        "weightDecay", (fun () -> PureOptimizer.RAdam(weightDecay = nan))
                    ] do
                test $"{index}: {name}" {
                    Expect.throwsC (fun () -> make () |> ignore) (fun error ->
                        Expect.equal (error :?> ArgumentException).ParamName name "the argument's name")
                }
        ]

let tests =
    testList
        "rules"
        [
            formulas "in one pass" group
            formulas "by libtorch" (plain Int64.MaxValue)
            formulas "by libtorch, cut" (plain 8L)
            precision
            fused
            refusals
        ]
