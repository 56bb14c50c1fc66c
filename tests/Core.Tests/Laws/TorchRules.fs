/// The rules of weights as values that are about TorchSharp's optimizers.
module MetricLearning.Core.Tests.Laws.TorchRules

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Laws.TorchRuns

let private shared =
    testList
        "shared optimizers"
        [
            testCase "one optimizer for several networks" (fun () ->
                use session =
                    Session.Start(prepare (withOptimizers settings (torchOptimizer sgd [ Keys.Trunk; Keys.Embedder ])))

                let before = Snapshot.ofModules session.Handles
                step session
                Expect.equal (moved before (Snapshot.ofModules session.Handles)) [ "trunk"; "embedder" ] "both train")

            testCase "its key decides when it steps" (fun () ->
                let made =
                    withOptimizers settings (torchOptimizer sgd [ Keys.Trunk; Keys.Embedder ])

                use session =
                    Session.Start(prepare (RunOptions(made, FreezeThese = [ Keys.Trunk ])))

                let parameters () =
                    Snapshot.ofModules session.Handles
                    |> List.filter (fun (name, _) -> name.Contains "weight")

                let before = parameters ()
                step session
                Expect.equal (parameters ()) before "the trunk is frozen, so it does not step")

            testCase "one optimizer under two keys is a mistake" (fun () ->
                let mistakes =
                    mistakesOf (
                        withOptimizers settings (fun models ->
                            let one = sgd (parametersOf models [ Keys.Trunk; Keys.Embedder ])

                            [
                                "trunk_optimizer", AnyOptimizer.Torch one
                                "embedder_optimizer", AnyOptimizer.Torch one
                            ])
                    )

                Expect.exists mistakes _.Contains("One optimizer stands under") $"{mistakes}")

            testCase "a parameter in two optimizers is a mistake, whatever their kinds" (fun () ->
                for second in
                    [
                        fun models -> AnyOptimizer.Torch(sgd (parametersOf models [ Keys.Embedder ]))
                        fun _ -> PureOptimizer.SGD(0.1)
                    ] do
                    let mistakes =
                        mistakesOf (
                            withOptimizers settings (fun models ->
                                [
                                    "trunk_optimizer",
                                    AnyOptimizer.Torch(sgd (parametersOf models [ Keys.Trunk; Keys.Embedder ]))
                                    "embedder_optimizer", second models
                                ])
                        )

                    Expect.exists mistakes _.Contains("may be in one") $"{mistakes}")

            testCase "a changed parameter group is refused, and nothing changes" (fun () ->
                let made = withOptimizers settings (torchOptimizer sgd [ Keys.Trunk ])

                let optimizer =
                    match made.Optimizers.Present with
                    | [ _, TorchOptimizer optimizer ] -> optimizer
                    | _ -> invalidOp "one optimizer"

                use session = Session.Start(prepare made)
                step session
                let before = Snapshot.ofSession session
                let embedder = made.Models.Present |> List.find (fst >> (=) Keys.Embedder) |> snd
                optimizer.add_param_group (Modules.SGD.ParamGroup(embedder.parameters ()))
                Expect.throwsT<InvalidOperationException> (fun () -> step session) "another group"
                Expect.equal (Snapshot.ofSession session) before "the state")
        ]

let private slots =
    testList
        "slots"
        [
            testCase "those of an optimizer that has already stepped are taken over" (fun () ->
                let adam (parameters: Modules.Parameter[]) : torch.optim.Optimizer = torch.optim.Adam(parameters, 0.01)

                let whole () =
                    withOptimizers settings (torchOptimizer adam [ Keys.Trunk; Keys.Embedder ])

                // Two trainings of one epoch each, the second by a new trainer over the same modules and optimizer…
                let made = whole ()

                let first =
                    use session = Session.Start(prepare made)
                    Drive.train session 1 Drive.quietly
                    session.Progress

                use second = Session.Start(prepare made)
                use taken = second.Take()

                // … start from the slots that the first ended with.
                let other = whole ()
                use session = Session.Start(prepare other)
                Drive.train session 1 Drive.quietly
                use expected = session.Take()
                Expect.equal first.Steps session.Progress.Steps "as long"
                Expect.equal (Snapshot.ofState taken).Vectors (Snapshot.ofState expected).Vectors "weights and slots"
                Expect.equal (Snapshot.ofState taken).Counts (Snapshot.ofState expected).Counts "step counts")

            testCase "after giving back, they are the optimizer's own, as the run left them" (fun () ->
                let made =
                    withOptimizers settings (torchOptimizer sgd [ Keys.Trunk; Keys.Embedder ])

                let session = Session.Start(prepare made)
                Drive.train session 1 Drive.quietly
                use taken = session.Take()
                let written = Snapshot.ofState taken
                session.Dispose()

                match made.Optimizers.Present with
                | [ _, TorchOptimizer(:? Modules.SGD as optimizer) ] ->
                    let momenta () =
                        [
                            for state in optimizer.state_dict().State do
                                match state with
                                | :? Modules.SGD.State as state -> nonNull state.momentum_buffer
                                | _ -> ()
                        ]

                    use slot =
                        Layout.view session.Handles.Groups[0].Layout.Slots[0] taken.Learned.Groups[0].Slots[0].Tensor

                    Expect.equal
                        (Snapshot.bitsOf (List.head (momenta ())))
                        (Snapshot.bitsOf slot)
                        "as the run left them"

                    use _ = torch.no_grad ()

                    for buffer in momenta () do
                        buffer.zero_ () |> ignore
                | _ -> ()

                Expect.equal (Snapshot.ofState taken) written "the state that was taken")

            testCase "rates that the user writes rule the next step" (fun () ->
                let made =
                    withOptimizers settings (torchOptimizer sgd [ Keys.Trunk; Keys.Embedder ])

                use session = Session.Start(prepare made)
                step session

                match made.Optimizers.Present with
                | [ _, TorchOptimizer optimizer ] ->
                    for group in optimizer.ParamGroups do
                        group.LearningRate <- 0.0
                | _ -> ()

                use before = session.Take()
                step session
                use after = session.Take()

                Expect.equal
                    (Snapshot.bitsOf after.Learned.Groups[0].Weights.Tensor)
                    (Snapshot.bitsOf before.Learned.Groups[0].Weights.Tensor)
                    "no rate, no move"

                Expect.equal session.Progress.Rates["trunk_optimizer"] [| 0.0 |] "and is recorded")
        ]

let tests = testList "TorchSharp's optimizers" [ shared; slots ]
