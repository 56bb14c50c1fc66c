module MetricLearning.Core.Tests.Optimizers.OptimizerTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Weights

/// Each optimizer with its defaults, and TorchSharp's with its own, except where those differ from PyTorch's.
let private defaults: (string * PureOptimizer * (Modules.Parameter seq -> torch.optim.Optimizer)) list =
    [
        "SGD", PureOptimizer.SGD(), (fun parameters -> torch.optim.SGD(parameters, 1e-3))
        "Adam", PureOptimizer.Adam(), (fun parameters -> torch.optim.Adam parameters)
        "AdamW", PureOptimizer.AdamW(), (fun parameters -> torch.optim.AdamW(parameters, weight_decay = 0.01))
        "RMSProp", PureOptimizer.RMSProp(), (fun parameters -> torch.optim.RMSProp parameters)
        "Adagrad", PureOptimizer.Adagrad(), (fun parameters -> torch.optim.Adagrad parameters)
        "Adadelta", PureOptimizer.Adadelta(), (fun parameters -> torch.optim.Adadelta parameters)
        "Adamax", PureOptimizer.Adamax(), (fun parameters -> torch.optim.Adamax parameters)
        "NAdam", PureOptimizer.NAdam(), (fun parameters -> torch.optim.NAdam parameters)
        "RAdam", PureOptimizer.RAdam(), (fun parameters -> torch.optim.RAdam(parameters, 1e-3))
    ]

let tests =
    testList
        "optimizers as values"
        [
            for name, ours, theirs in defaults do
                test $"{name}: the defaults are PyTorch's" {
                    use _ = torch.NewDisposeScope()
                    let start = tensor 1L torch.float64 [| 3L; 7L |]
                    use optimizer = theirs [ new Modules.Parameter(start.clone ()) ]

                    let rule, rate =
                        (TorchOptimizers.rules optimizer)[0], (TorchOptimizers.rates optimizer)[0]

                    Expect.equal (ours.LearningRate, ours.Rule.Name) (rate, rule.Name) "rate and name"
                    Expect.equal (tenSteps ours.Rule rate start) (tenSteps rule rate start) "steps"
                }
            test "a rate out of range is refused" {
                for rate in [ -1.0; nan; infinity ] do
                    throws<ArgumentException> "lr must be" (fun () -> PureOptimizer.Adam rate |> ignore)
            }
            test "a parameter belongs to the first group that covers it" {
                let biases, head =
                    PureOptimizer.AdamW(0.1, weightDecay = 0.0), PureOptimizer.SGD 0.5

                let all = PureOptimizer.AdamW 0.1

                let optimizer =
                    all.WithGroup(_.EndsWith("bias"), biases).WithGroup(_.StartsWith("head"), head)

                let groupOf name = optimizer.GroupOf name
                Expect.equal [ groupOf "trunk.weight"; groupOf "head.bias"; groupOf "head.weight" ] [ 0; 1; 2 ] "groups"

                let rules = [ for struct (rule, _) in optimizer.Groups -> rule ]
                Expect.equal [ for struct (_, rate) in optimizer.Groups -> rate ] [ 0.1; 0.1; 0.5 ] "rates"

                for mine, own in List.zip rules [ all; biases; head ] do
                    Expect.isTrue (obj.ReferenceEquals(mine, own.Rule)) "rules"

                Expect.hasLength all.Groups 1 "the optimizer that was given is as it was"
            }
            test "slots are named as in PyTorch and start where the formula says" {
                let slots name =
                    let rule = Rules.all |> List.find (fst >> (=) name) |> snd
                    [ for slot in rule.Slots -> slot.Name, slot.Fill ]

                Expect.equal (slots "SGD") [] "SGD"
                Expect.equal (slots "SGD momentum") [ "momentum_buffer", 0.0 ] "momentum"

                Expect.equal
                    (slots "AdamW amsgrad maximize")
                    [ "exp_avg", 0.0; "exp_avg_sq", 0.0; "max_exp_avg_sq", 0.0 ]
                    "amsgrad"

                Expect.equal
                    (slots "RMSProp centered momentum")
                    [ "square_avg", 0.0; "momentum_buffer", 0.0; "grad_avg", 0.0 ]
                    "RMSProp"

                Expect.equal (slots "Adagrad options") [ "sum", 0.5 ] "Adagrad"
            }
        ]
