module MetricLearning.Core.Tests.Optimizers.OptimizerTests

open MetricLearning.Core.Tests.Support
open System
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations

let private makers =
    [
        "sgd", Optimizer.sgd
        "adam", Optimizer.adam
        "adamW", Optimizer.adamW
        "rmsProp", Optimizer.rmsProp
        "adagrad", Optimizer.adagrad
        "adadelta", Optimizer.adadelta
        "adamax", Optimizer.adamax
        "nAdam", Optimizer.nAdam
        "rAdam", Optimizer.rAdam
    ]

let tests =
    testList
        "optimizers as values"
        [
            test "the same words make equal values" {
                for name, make in makers do
                    Expect.equal
                        (make 0.1 |> Optimizer.weightDecay 0.01 |> Optimizer.maximize)
                        (make 0.1 |> Optimizer.weightDecay 0.01 |> Optimizer.maximize)
                        name

                    Expect.notEqual (make 0.1) (make 0.1 |> Optimizer.maximize) name
                    Expect.notEqual (make 0.1) (make 0.1 |> Optimizer.weightDecay 0.5) name
                    Expect.notEqual (make 0.1) (make 0.2) name
            }
            test "an option is refused where the rule lacks it" {
                throws<ArgumentException> "Adam has no option momentum" (fun () ->
                    Optimizer.adam 0.1 |> Optimizer.momentum 0.9 |> ignore)

                throws<ArgumentException> "SGD has no option amsgrad" (fun () ->
                    Optimizer.sgd 0.1 |> Optimizer.amsGrad |> ignore)

                throws<ArgumentException> "RMSProp has no option betas" (fun () ->
                    Optimizer.rmsProp 0.1 |> Optimizer.betas 0.9 0.9 |> ignore)

                throws<ArgumentException> "AdamW has no option nesterov" (fun () ->
                    Optimizer.adamW 0.1 |> Optimizer.nesterov |> ignore)
            }
            test "a rate out of range is refused" {
                for rate in [ -1.0; nan; infinity ] do
                    throws<ArgumentException> "lr must be" (fun () -> Optimizer.adam rate |> ignore)

                    throws<ArgumentException> "lr must be" (fun () ->
                        Optimizer.adam 0.1 |> Optimizer.learningRate rate |> ignore)
            }
            test "a parameter belongs to the first group that covers it" {
                let optimizer =
                    Optimizer.adamW 0.1
                    |> Optimizer.group (fun name -> name.EndsWith "bias") (Optimizer.weightDecay 0.0)
                    |> Optimizer.group
                        (fun name -> name.StartsWith "head")
                        (Optimizer.learningRate 0.5 >> Optimizer.betas 0.8 0.9)

                let groupOf = Optimizer.groupOf optimizer
                Expect.equal [ groupOf "trunk.weight"; groupOf "head.bias"; groupOf "head.weight" ] [ 0; 1; 2 ] "groups"

                match Optimizer.groups optimizer with
                | [| struct (Rule.AdamW all, 0.1); struct (Rule.AdamW biases, 0.1); struct (Rule.AdamW head, 0.5) |] ->
                    Expect.equal biases { all with WeightDecay = 0.0 } "biases"

                    Expect.equal
                        head
                        { all with Beta1 = 0.8; Beta2 = 0.9 }
                        "head: of the optimizer's options, not of the group before"
                | groups -> failtest $"{groups}"
            }
            test "slots are named as in PyTorch and start where the formula says" {
                let slots rule =
                    Rule.slots rule |> Array.map (fun slot -> slot.Name, slot.Fill) |> List.ofArray

                let names =
                    Rules.all |> List.map (fun (name, rule) -> name, slots rule) |> Map.ofList

                Expect.equal names["SGD"] [] "SGD"
                Expect.equal names["SGD momentum"] [ "momentum_buffer", 0.0 ] "momentum"

                Expect.equal
                    names["AdamW amsgrad maximize"]
                    [ "exp_avg", 0.0; "exp_avg_sq", 0.0; "max_exp_avg_sq", 0.0 ]
                    "amsgrad"

                Expect.equal
                    names["RMSProp centered momentum"]
                    [ "square_avg", 0.0; "momentum_buffer", 0.0; "grad_avg", 0.0 ]
                    "RMSProp"

                Expect.equal names["Adagrad options"] [ "sum", 0.5 ] "Adagrad"
            }
        ]
