module MetricLearning.Core.Tests.Learn.TwinTests

open System
open Expecto
open MetricLearning.Core
open MetricLearning.Core.Tests.Learn.Weights
open TorchSharp

let private shapes = [| [| 4L; 3L |]; [| 4L |]; [| 2L; 4L |] |]

let private make seed =
    shapes
    |> Array.mapi (fun index shape -> parameter (seed + int64 index) torch.float64 shape)

let private gradients (seed: int64) : torch.Tensor[] =
    shapes
    |> Array.mapi (fun index shape -> tensor (1000L * seed + int64 index) torch.float64 shape)

/// TorchSharp's optimizers with two parameter groups, the second with options of its own.
let private optimizers: (string * (Modules.Parameter[] -> Modules.Parameter[] -> torch.optim.Optimizer)) list =
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
let private readable =
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

type private Twin(optimizer: torch.optim.Optimizer) =
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
            TorchOptimizers.show optimizer index parameters[index] group.Layout group.Counts group.Slots)

    member _.Weights =
        groups |> Array.collect (fun group -> Vector.views group.Layout group.Weights)

    interface IDisposable with
        member _.Dispose() =
            for group in groups do
                (group :> IDisposable).Dispose()

let private stepTorch (optimizer: torch.optim.Optimizer) (weights: Modules.Parameter[]) (gradients: torch.Tensor[]) =
    Array.iter2
        (fun (weights: Modules.Parameter) (gradient: torch.Tensor) -> weights.grad <- gradient)
        weights
        gradients

    optimizer.step () |> ignore

let private near (twin: Twin) (weights: Modules.Parameter[]) =
    Array.iter2
        (fun (ours: torch.Tensor) (theirs: Modules.Parameter) ->
            Expect.isLessThan (distance ours theirs) 1e-12 "weights")
        twin.Weights
        weights

let private split (weights: Modules.Parameter[]) make : torch.optim.Optimizer = make weights[..1] weights[2..]

let private equal =
    testList
        "fifty steps are TorchSharp's, in two groups"
        [
            for name, make' in optimizers ->
                test name {
                    use _ = torch.NewDisposeScope()
                    let weights = make 1L
                    use optimizer = split weights make'
                    use twin = new Twin(optimizer)

                    for time in 1L .. 50L do
                        let gradients = gradients time
                        twin.Step gradients
                        stepTorch optimizer weights gradients

                    near twin weights
                }
        ]

let private takenOver =
    testList
        "an optimizer that has stepped is taken over where it stands"
        [
            for name, make' in optimizers ->
                test name {
                    use _ = torch.NewDisposeScope()
                    let weights = make 2L
                    use optimizer = split weights make'

                    for time in 1L .. 7L do
                        stepTorch optimizer weights (gradients time)

                    use twin = new Twin(optimizer)

                    for time in 8L .. 20L do
                        let gradients = gradients time
                        twin.Step gradients
                        stepTorch optimizer weights gradients

                    near twin weights
                }
        ]

let private shown =
    testList
        "an optimizer that is shown our slots goes on as if it had made them"
        [
            for name, make' in optimizers ->
                test name {
                    use _ = torch.NewDisposeScope()
                    let weights, others = make 3L, make 3L
                    use optimizer = split weights make'
                    use reference = split others make'
                    use twin = new Twin(optimizer)

                    for time in 1L .. 7L do
                        let gradients = gradients time
                        twin.Step gradients
                        stepTorch reference others gradients

                    twin.Show()
                    use _ = torch.no_grad ()

                    Array.iter2
                        (fun (to': Modules.Parameter) (from: torch.Tensor) -> to'.copy_ from |> ignore)
                        weights
                        twin.Weights

                    for time in 8L .. 20L do
                        let gradients = gradients time
                        stepTorch optimizer weights gradients
                        stepTorch reference others gradients

                    Array.iter2
                        (fun left right -> Expect.isLessThan (distance left right) 1e-12 "weights")
                        weights
                        others
                }
        ]

let private saved =
    testList
        "a shown optimizer saves what it is shown, and taking that over gives the same slots"
        [
            for name, make' in readable ->
                test name {
                    use _ = torch.NewDisposeScope()
                    let weights = make 4L
                    use optimizer = split weights make'
                    use twin = new Twin(optimizer)

                    for time in 1L .. 3L do
                        twin.Step(gradients time)

                    twin.Show()
                    use stream = new IO.MemoryStream()
                    (optimizer :?> Modules.OptimizerHelper).save_state_dict(new IO.BinaryWriter(stream))
                    stream.Position <- 0L
                    use again = split weights make'
                    (again :?> Modules.OptimizerHelper).load_state_dict(new IO.BinaryReader(stream))
                    use taken = new Twin(again)

                    for left, right in Seq.zip twin.Groups taken.Groups do
                        if not left.Rule.IsSgd then
                            Expect.equal right.Counts left.Counts "counts"

                        for mine, read in Seq.zip left.Slots right.Slots do
                            for index in 0 .. left.Counts.Length - 1 do
                                Expect.equal (values (place right read index)) (values (place left mine index)) "slots"
                }
        ]

let private known =
    testList
        "what has a twin"
        [
            test "options and rates are read as they are now" {
                use _ = torch.NewDisposeScope()
                let weights = make 5L
                use optimizer = torch.optim.Adam(weights, 0.1)
                let group = Seq.head optimizer.ParamGroups :?> Modules.Adam.ParamGroup
                group.LearningRate <- 0.25
                group.Options.weight_decay <- Nullable 0.5
                Expect.equal (TorchOptimizers.rates optimizer) [| 0.25 |] "rate"

                match TorchOptimizers.rules optimizer with
                | [| Rule.Adam options |] -> Expect.equal options.WeightDecay 0.5 "weight decay"
                | rules -> failtest $"{rules}"
            }
            test "other kinds have none" {
                use _ = torch.NewDisposeScope()
                let weights = make 5L
                use optimizer = torch.optim.Rprop weights
                use averaged = torch.optim.ASGD weights

                use derived =
                    { new Modules.Adam(weights) with
                        override _.step(_: Func<torch.Tensor>) = torch.zeros 1L
                    }

                Expect.isFalse (TorchOptimizers.hasTwin optimizer) "Rprop"
                Expect.isFalse (TorchOptimizers.hasTwin averaged) "ASGD"
                Expect.isFalse (TorchOptimizers.hasTwin derived) "a user's class"
                use adam = torch.optim.Adam weights
                Expect.isTrue (TorchOptimizers.hasTwin adam) "Adam"
            }
            test "SGD that is shown no step has no buffer, so that its first step stays the first" {
                use _ = torch.NewDisposeScope()
                let weights = make 6L
                use optimizer = split weights (snd optimizers[1])
                use twin = new Twin(optimizer)
                twin.Show()
                let states = (optimizer :?> Modules.OptimizerHelper).state_dict().State
                Expect.all states (fun state -> isNull (state :?> Modules.SGD.State).momentum_buffer) "no buffers"
            }
            test "showing makes no tensors, once slots are there" {
                use _ = torch.NewDisposeScope()
                let weights = make 7L
                use optimizer = split weights (snd optimizers[1])
                use twin = new Twin(optimizer)
                twin.Step(gradients 1L)
                twin.Show()
                let before = torch.Tensor.TotalCount
                twin.Show()
                Expect.equal torch.Tensor.TotalCount before "live tensors"
            }
        ]

let tests =
    testSequenced (testList "TorchSharp's optimizers as rules" [ equal; takenOver; shown; saved; known ])
