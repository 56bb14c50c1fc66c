/// The rules of weights as values, 1 to 5: whose a weight is.
module MetricLearning.Core.Tests.Laws.SharingRules

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

open MetricLearning.Core.Tests.Support.SmallRuns

let private rule1 =
    testList
        "1 parameters are identified by object"
        [
            testCase "one object in two modules is one slot" (fun () ->
                let shared = parameter (torch.ones 6L)
                let trunk, embedder = new Scaled(shared), new Scaled(shared)

                use session =
                    session (
                        optionsOf [ Keys.Trunk, trunk; Keys.Embedder, embedder ] [ "trunk_optimizer", adam ] (data ())
                    )

                Expect.equal (slotsOf session) [ "trunk.scale" ] "the slots"
                let before = Snapshot.bitsOf shared
                step session
                Expect.notEqual (Snapshot.bitsOf shared) before "it trains")

            testCase "different parameters on one storage are a mistake" (fun () ->
                let first = parameter (torch.ones 6L)
                let second = parameter (first.detach().alias())

                let mistakes =
                    mistakesOf (
                        optionsOf
                            [ Keys.Trunk, new Scaled(first); Keys.Embedder, new Scaled(second) ]
                            [ "trunk_optimizer", adam ]
                            (data ())
                    )

                Expect.exists mistakes _.Contains("same memory") $"{mistakes}")
        ]

let private rule2 =
    testList
        "2 what is shared is treated alike"
        [
            testCase "one module under two keys, frozen under one" (fun () ->
                let shared = linear 6L 6L

                let mistakes =
                    mistakesOf (
                        RunOptions(
                            optionsOf
                                [ Keys.Trunk, shared; Keys.Embedder, shared ]
                                [ "trunk_optimizer", adam ]
                                (data ()),
                            FreezeThese = [ Keys.Embedder ]
                        )
                    )

                Expect.exists mistakes _.Contains("are one module") $"{mistakes}")

            testCase "a parameter in two optimizers" (fun () ->
                let shared = linear 6L 6L

                let mistakes =
                    mistakesOf (
                        optionsOf
                            [ Keys.Trunk, shared; Keys.Embedder, shared ]
                            [ "trunk_optimizer", adam; "embedder_optimizer", adam ]
                            (data ())
                    )

                Expect.exists mistakes _.Contains("may be in one") $"{mistakes}")

            testCase "with FreezeTrunkBatchnorm a layer that the embedder shares keeps its statistics" (fun () ->
                let norm = torch.nn.BatchNorm1d 6L
                let trunk = torch.nn.Sequential(layer "first" (linear 6L 6L), layer "norm" norm)
                let embedder = torch.nn.Sequential(layer "norm" norm, layer "last" (linear 6L 4L))

                use session =
                    session (
                        RunOptions(
                            optionsOf
                                [ Keys.Trunk, trunk; Keys.Embedder, embedder ]
                                [ "trunk_optimizer", adam ]
                                (data ()),
                            FreezeTrunkBatchnorm = true
                        )
                    )

                let before = [ for buffer in norm.buffers () -> Snapshot.bitsOf buffer ]
                step session
                Expect.equal [ for buffer in norm.buffers () -> Snapshot.bitsOf buffer ] before "its statistics")
        ]

let private rule3 =
    testCase "3 vectors follow group and parameter order; what no optimizer has never moves" (fun () ->
        let trunk, embedder = linear 6L 5L, linear 5L 4L

        use session =
            session (
                optionsOf
                    [ Keys.Trunk, trunk; Keys.Embedder, embedder ]
                    [
                        "trunk_optimizer", adam.WithGroup(_.EndsWith("bias"), PureOptimizer.Adam(0.1))
                    ]
                    (data ())
            )

        Expect.equal
            [
                for group in session.Handles.Groups ->
                    group.Optimizer, group.Index, [ for slot in group.Layout.Slots -> slot.Name ]
            ]
            [
                Some "trunk_optimizer", 0, [ "trunk.weight" ]
                Some "trunk_optimizer", 1, [ "trunk.bias" ]
                None, 0, [ "embedder.weight"; "embedder.bias" ]
            ]
            "the parts"

        let before = Snapshot.ofModules session.Handles
        step session
        let after = Snapshot.ofModules session.Handles

        for (name, was), (_, now) in List.zip before after do
            Expect.equal (now <> was) (name.StartsWith("trunk", StringComparison.Ordinal)) name)

let private rule4 =
    testCase "4 .grad is readable until the next iteration, null where none was produced" (fun () ->
        let trunk = linear 6L 4L
        let bias = trunk.bias |> nonNull
        bias.requires_grad <- false

        use session =
            session (optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (data ()))

        step session
        Expect.isNull bias.grad "the bias"
        Expect.isNotNull trunk.weight.grad "the weight"
        use first = trunk.weight.grad |> nonNull |> _.clone()
        step session
        use second = trunk.weight.grad |> nonNull
        Expect.notEqual (Snapshot.bitsOf second) (Snapshot.bitsOf first) "another iteration's"
        use sum = first + second
        use third = (second - sum).abs().sum()
        Expect.isGreaterThan (third.ToSingle()) 0f "not accumulated")

let private child<'Layer when 'Layer: not null> (name: string) (trunk: torch.nn.Module) : 'Layer =
    trunk.named_children ()
    |> Seq.pick (fun struct (found, layer) ->
        match box layer with
        | :? 'Layer as layer when found = name -> Some layer
        | _ -> None)

let private rule5 =
    let refuses (name: string) (change: torch.nn.Module<Tensor, Tensor> -> unit) =
        testCase $"{name} is refused, and nothing changes" (fun () ->
            let trunk =
                torch.nn.Sequential(
                    layer "first" (linear 6L 5L),
                    layer "norm" (torch.nn.BatchNorm1d 5L),
                    layer "last" (linear 5L 4L)
                )

            use session =
                session (optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (data ()))

            step session
            let before = Snapshot.ofSession session
            change trunk
            Expect.throwsT<InvalidOperationException> (fun () -> step session) name
            Expect.equal (Snapshot.ofSession session) before "the state")

    testList
        "5 a parameter or buffer that was replaced or disposed"
        [
            refuses "another dtype" (fun trunk -> trunk.``to`` ScalarType.Float64 |> ignore)
            refuses "half precision" (fun trunk -> trunk.half () |> ignore)
            refuses "a disposed module" (fun trunk -> trunk.Dispose())
            refuses "a disposed layer" (fun trunk -> (child<Modules.Linear> "last" trunk).Dispose())
            refuses "a replaced weight" (fun trunk ->
                (child<Modules.Linear> "first" trunk).weight <- new Modules.Parameter(torch.ones (5L, 6L)))
            refuses "a disposed buffer" (fun trunk ->
                ((child<Modules.BatchNorm1d> "norm" trunk).running_mean |> nonNull).Dispose())
        ]

let tests = testList "whose a weight is" [ rule1; rule2; rule3; rule4; rule5 ]
