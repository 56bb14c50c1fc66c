module MetricLearning.Core.Tests.Optimizers.MirrorTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Weights
open MetricLearning.Core.Tests.Support.Mirrors

let private equal =
    testList
        "fifty steps are TorchSharp's, in two groups"
        [
            for name, make' in optimizers ->
                test name {
                    use _ = torch.NewDisposeScope()
                    let weights = make 1L
                    use optimizer = split weights make'
                    use mirror = new Mirrored(optimizer)

                    for time in 1L .. 50L do
                        let gradients = gradients time
                        mirror.Step gradients
                        stepTorch optimizer weights gradients

                    near mirror weights
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

                    use mirror = new Mirrored(optimizer)

                    for time in 8L .. 20L do
                        let gradients = gradients time
                        mirror.Step gradients
                        stepTorch optimizer weights gradients

                    near mirror weights
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
                    use mirror = new Mirrored(optimizer)

                    for time in 1L .. 7L do
                        let gradients = gradients time
                        mirror.Step gradients
                        stepTorch reference others gradients

                    mirror.Show()
                    use _ = torch.no_grad ()

                    Array.iter2
                        (fun (to': Modules.Parameter) (from: torch.Tensor) -> to'.copy_ from |> ignore)
                        weights
                        mirror.Weights

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
                    use mirror = new Mirrored(optimizer)

                    for time in 1L .. 3L do
                        mirror.Step(gradients time)

                    mirror.Show()
                    use stream = new IO.MemoryStream()
                    (optimizer :?> Modules.OptimizerHelper).save_state_dict(new IO.BinaryWriter(stream))
                    stream.Position <- 0L
                    use again = split weights make'
                    (again :?> Modules.OptimizerHelper).load_state_dict(new IO.BinaryReader(stream))
                    use taken = new Mirrored(again)

                    for left, right in Seq.zip mirror.Groups taken.Groups do
                        if left.Rule.Name <> "SGD" then
                            Expect.equal right.Counts left.Counts "counts"

                        for mine, read in Seq.zip left.Slots right.Slots do
                            for index in 0 .. left.Counts.Length - 1 do
                                Expect.equal (values (place right read index)) (values (place left mine index)) "slots"
                }
        ]

let private known =
    testList
        "what is mirrored"
        [
            test "options and rates are read as they are now" {
                use _ = torch.NewDisposeScope()
                let weights = make 5L
                use optimizer = torch.optim.Adam(weights, 0.1)
                let group = Seq.head optimizer.ParamGroups :?> Modules.Adam.ParamGroup
                group.LearningRate <- 0.25
                group.Options.weight_decay <- Nullable 0.5
                Expect.equal (TorchOptimizers.rates optimizer) [| 0.25 |] "rate"

                let follow rule =
                    tenSteps rule 0.25 (tensor 1L torch.float64 [| 5L |])

                Expect.equal
                    (follow (Array.exactlyOne (TorchOptimizers.rules optimizer)))
                    (follow (PureOptimizer.Adam(weightDecay = 0.5).Rule))
                    "weight decay"
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

                Expect.isFalse (TorchOptimizers.hasMirror optimizer) "Rprop"
                Expect.isFalse (TorchOptimizers.hasMirror averaged) "ASGD"
                Expect.isFalse (TorchOptimizers.hasMirror derived) "a user's class"
                use adam = torch.optim.Adam weights
                Expect.isTrue (TorchOptimizers.hasMirror adam) "Adam"
            }
            test "SGD that is shown no step has no buffer, so that its first step stays the first" {
                use _ = torch.NewDisposeScope()
                let weights = make 6L
                use optimizer = split weights (snd optimizers[1])
                use mirror = new Mirrored(optimizer)
                mirror.Show()
                let states = (optimizer :?> Modules.OptimizerHelper).state_dict().State
                Expect.all states (fun state -> isNull (state :?> Modules.SGD.State).momentum_buffer) "no buffers"
            }
            test "showing makes no tensors, once slots are there" {
                use _ = torch.NewDisposeScope()
                let weights = make 7L
                use optimizer = split weights (snd optimizers[1])
                use mirror = new Mirrored(optimizer)
                mirror.Step(gradients 1L)
                mirror.Show()

                withoutCollecting (fun () ->
                    let before = torch.Tensor.TotalCount
                    mirror.Show()
                    Expect.equal torch.Tensor.TotalCount before "live tensors")
            }
        ]

let tests =
    testSequenced (testList "TorchSharp's optimizers as rules" [ equal; takenOver; shown; saved; known ])
