/// Whose parameters an optimizer may hold, and what its numbers are in their type.
module MetricLearning.Core.Tests.Laws.OptimizerRules

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Optimizers
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.SmallRuns

let private keys = [ Keys.Trunk; Keys.Embedder; Keys.MetricLoss ]

let private kinds: (string * (Modules.Parameter[] -> torch.optim.Optimizer)) list =
    [
        "SGD", (fun parameters -> torch.optim.SGD(parameters, 0.1))
        "Adam", (fun parameters -> torch.optim.Adam(parameters, 0.1))
        "ASGD", (fun parameters -> torch.optim.ASGD(parameters, 0.1))
    ]

let private made () =
    let parts: (string * torch.nn.Module) list =
        [
            Keys.Trunk, torch.nn.Linear(RunParts.features, 5L)
            Keys.Embedder, torch.nn.Linear(5L, 4L)
            Keys.MetricLoss, new ArcFaceLoss(RunParts.classes, 4)
        ]

    let made = optionsOf parts[..1] [] (data ())
    parts, RunOptions(made, LossFuncs = LossFuncs.Of parts[2..])

// One optimizer under each key, each with the parameters of the parts that stand beside it; a stranger is of none.
let private mistakes make (choice: (string * string list) list) : string list =
    let parts, options = made ()
    let parts = ("stranger", torch.nn.Linear(3L, 2L) :> torch.nn.Module) :: parts

    let optimizers =
        [
            for key, holds in choice do
                let parameters =
                    [|
                        for name, part in parts do
                            if List.contains name holds then
                                yield! part.parameters ()
                    |]

                Keys.optimizerOf key, AnyOptimizer.Torch(make parameters)
        ]

    mistakesOf (RunOptions(options, Optimizers = Optimizers.Of optimizers))

let rec private subsets (items: 'Item list) : 'Item list list =
    match items with
    | [] -> [ [] ]
    | item :: others ->
        let without = subsets others
        without @ List.map (fun some -> item :: some) without

let private belonging =
    [
        for name, make in kinds do
            for key in keys do
                for holds in subsets ("stranger" :: keys) do
                    if not holds.IsEmpty then
                        let held = String.Join(" and ", holds)

                        testCase $"{name} under the key of {key} with the parameters of {held}" (fun () ->
                            let found = mistakes make [ key, holds ]

                            if List.contains "stranger" holds then
                                Expect.exists found _.Contains("belong to no network or loss") $"{found}"
                                Expect.exists found _.Contains("[2 × 3]") $"{found}"
                            elif not (List.contains key holds) then
                                Expect.exists found _.Contains($"holds no parameter of \"{key}\"") $"{found}"
                            else
                                Expect.isEmpty found "it may cover several networks")

        testCase "two networks with each other's optimizers" (fun () ->
            let found =
                mistakes (snd kinds[1]) [ Keys.Trunk, [ Keys.Embedder ]; Keys.Embedder, [ Keys.Trunk ] ]

            Expect.hasLength found 2 $"{found}")

        testCase "an optimizer of ours for a network that is not there" (fun () ->
            let made =
                optionsOf [ Keys.Trunk, linear RunParts.features 4L ] [ "embedder_optimizer", adam ] (data ())

            let found = mistakesOf made
            Expect.exists found _.Contains("there is no \"embedder\"") $"{found}")
    ]

let private warnings (options: RunOptions) : string list =
    let run = Setup.prepare MetricLossOnly.recipe options
    use _ = Session.Start run
    run.Warnings

let private precision =
    [
        for dtype in MagnitudeTests.dtypes do
            for name, isWhole, make in BareRuns.optimizers do
                if isWhole then
                    testCase $"an eps that is 0: {name} in {dtype}" (fun () ->
                        let found =
                            warnings (BareRuns.options dtype (make None) 1.0 (BareRuns.script ()))
                            |> List.filter _.Contains("eps")

                        let usesSmallEps =
                            not (
                                List.exists
                                    (fun (without: string) ->
                                        name.Contains(without, StringComparison.OrdinalIgnoreCase))
                                    [ "sgd"; "momentum"; "nesterov"; "maximize"; "adadelta" ]
                            )

                        let expected =
                            dtype = torch.float16
                            && (usesSmallEps || name.Contains("RMSProp", StringComparison.OrdinalIgnoreCase))

                        Expect.equal (not found.IsEmpty) expected $"{found}")

        testCase "an eps that is not" (fun () ->
            let optimizer = PureOptimizer.Adam(1e-3, eps = 1e-4)

            let found =
                warnings (BareRuns.options torch.float16 (fun _ -> optimizer) 1.0 (BareRuns.script ()))

            Expect.isEmpty found "no warning")
    ]

let private batches =
    testCase "a sampler that is made for batches of another size" (fun () ->
        let withBatch (size: Nullable<int>) (batchSize: int) =
            let made =
                optionsOf [ Keys.Trunk, linear RunParts.features 4L ] [ "trunk_optimizer", adam ] (data ())

            warnings (
                RunOptions(made, BatchSize = batchSize, Sampler = MPerClassSampler(RunParts.labels, 2, size, 40L))
            )

        let found = withBatch (Nullable 10) 8
        Expect.exists found (fun text -> text.Contains "BatchSize is 8" && text.Contains "batches of 10") $"{found}"
        Expect.isEmpty (withBatch (Nullable 10) 10) "the same size"
        Expect.isEmpty (withBatch (Nullable()) 8) "any size")

let tests =
    testList "what optimizers hold" [ yield! belonging; yield! precision; batches ]
