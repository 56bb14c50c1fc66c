module MetricLearning.Core.Tests.Support.Mirrors

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Weights

let shapes = [| [| 4L; 3L |]; [| 4L |]; [| 2L; 4L |] |]

let make seed =
    shapes
    |> Array.mapi (fun index shape -> parameter (seed + int64 index) torch.float64 shape)

let gradients (seed: int64) : torch.Tensor[] =
    shapes
    |> Array.mapi (fun index shape -> tensor (1000L * seed + int64 index) torch.float64 shape)

/// TorchSharp's optimizers with two parameter groups, the second with options of its own.
let optimizers: (string * (Modules.Parameter[] -> Modules.Parameter[] -> torch.optim.Optimizer)) list =
    [
        "SGD",
        (fun a b ->
            torch.optim.SGD(
                [|
                    Modules.SGD.ParamGroup(a, 0.1)
                    Modules.SGD.ParamGroup(b, 0.02, weight_decay = 0.1)
                |],
                0.1
            ))
        "SGD momentum",
        (fun a b ->
            torch.optim.SGD(
                [|
                    Modules.SGD.ParamGroup(a, 0.1, momentum = 0.9, dampening = 0.2, weight_decay = 0.01)
                    Modules.SGD.ParamGroup(b, 0.02, momentum = 0.8, nesterov = true)
                |],
                0.1
            ))
        "SGD maximize",
        (fun a b ->
            torch.optim.SGD(
                [|
                    Modules.SGD.ParamGroup(a, 0.1, momentum = 0.9, maximize = true)
                    Modules.SGD.ParamGroup(b, 0.02, maximize = true)
                |],
                0.1
            ))
        "Adam",
        (fun a b ->
            torch.optim.Adam(
                [|
                    Modules.Adam.ParamGroup(a, 0.1)
                    Modules.Adam.ParamGroup(b, 0.02, weight_decay = 0.1, eps = 1e-4)
                |]
            ))
        "Adam amsgrad",
        (fun a b ->
            torch.optim.Adam(
                [|
                    Modules.Adam.ParamGroup(a, 0.1, amsgrad = true)
                    Modules.Adam.ParamGroup(b, 0.02, amsgrad = true, maximize = true, beta1 = 0.8)
                |]
            ))
        "AdamW",
        (fun a b ->
            torch.optim.AdamW(
                [|
                    Modules.AdamW.ParamGroup(a, 0.1, weight_decay = 0.1)
                    Modules.AdamW.ParamGroup(b, 0.02, amsgrad = true, maximize = true, weight_decay = 0.2)
                |]
            ))
        "RMSProp",
        (fun a b ->
            torch.optim.RMSProp(
                [|
                    Modules.RMSProp.ParamGroup(a, 0.01)
                    Modules.RMSProp.ParamGroup(b, 0.002, alpha = 0.9, weight_decay = 0.1)
                |]
            ))
        "RMSProp centered",
        (fun a b ->
            torch.optim.RMSProp(
                [|
                    Modules.RMSProp.ParamGroup(a, 0.01, momentum = 0.9, centered = true)
                    Modules.RMSProp.ParamGroup(b, 0.002, centered = true)
                |]
            ))
        "Adagrad",
        (fun a b ->
            torch.optim.Adagrad(
                [|
                    Modules.Adagrad.ParamGroup(a, 0.1, lr_decay = 0.1)
                    Modules.Adagrad.ParamGroup(b, 0.02, weight_decay = 0.1, initial_accumulator_value = 0.5)
                |]
            ))
        "Adadelta",
        (fun a b ->
            torch.optim.Adadelta(
                [|
                    Modules.Adadelta.ParamGroup(a, 1.0)
                    Modules.Adadelta.ParamGroup(b, 0.5, rho = 0.8, weight_decay = 0.1, maximize = true)
                |]
            ))
        "Adamax",
        (fun a b ->
            torch.optim.Adamax(
                [|
                    Modules.Adamax.ParamGroup(a, 0.1)
                    Modules.Adamax.ParamGroup(b, 0.02, beta2 = 0.9, weight_decay = 0.1)
                |]
            ))
        "NAdam",
        (fun a b ->
            torch.optim.NAdam(
                [|
                    Modules.NAdam.ParamGroup(a, 0.1)
                    Modules.NAdam.ParamGroup(b, 0.02, weight_decay = 0.1, momentum_decay = 0.1)
                |]
            ))
    ]

/// TorchSharp's RAdam applies the rate twice, so it is compared with the formula (RuleTests); here it is read and shown.
let readable =
    optimizers
    @ [
        "RAdam",
        (fun a b ->
            torch.optim.RAdam(
                [|
                    Modules.RAdam.ParamGroup(a, 0.1)
                    Modules.RAdam.ParamGroup(b, 0.02, weight_decay = 0.1)
                |]
            ))
    ]

type internal Mirrored(optimizer: torch.optim.Optimizer) =
    let parameters = TorchOptimizers.parameters optimizer
    let rules = TorchOptimizers.rules optimizer
    let rates = TorchOptimizers.rates optimizer

    let groups =
        parameters
        |> Array.mapi (fun index group ->
            let fresh =
                Weights.group rules[index] rates[index] (group |> Array.map (fun weights -> weights.detach ()))

            let struct (slots, counts) =
                TorchOptimizers.takeOver optimizer index group fresh.Layout

            for slot in fresh.Slots do
                slot.Release()

            { fresh with
                Slots = slots
                Counts = counts
            })

    member _.Groups = groups

    member _.Step(gradients: torch.Tensor[]) =
        let first = parameters[0].Length
        step groups[0] (Array.map (fun it -> it) gradients[.. first - 1])
        step groups[1] (Array.map (fun it -> it) gradients[first..])

    member _.Show() =
        groups
        |> Array.iteri (fun index group ->
            TorchOptimizers.bind optimizer index parameters[index] group.Layout group.Counts group.Slots)

    member _.Weights =
        groups |> Array.collect (fun group -> Vector.views group.Layout group.Weights)

    interface IDisposable with
        member _.Dispose() =
            for group in groups do
                (group :> IDisposable).Dispose()

let stepTorch (optimizer: torch.optim.Optimizer) (weights: Modules.Parameter[]) (gradients: torch.Tensor[]) =
    Array.iter2
        (fun (weights: Modules.Parameter) (gradient: torch.Tensor) -> weights.grad <- gradient)
        weights
        gradients

    optimizer.step () |> ignore

let internal near (mirror: Mirrored) (weights: Modules.Parameter[]) =
    Array.iter2
        (fun (ours: torch.Tensor) (theirs: Modules.Parameter) ->
            Expect.isLessThan (distance ours theirs) 1e-12 "weights")
        mirror.Weights
        weights

let split (weights: Modules.Parameter[]) make : torch.optim.Optimizer = make weights[..1] weights[2..]
