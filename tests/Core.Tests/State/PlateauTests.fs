module MetricLearning.Core.Tests.State.PlateauTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.ScheduleTrace

let private byPlateau (schedule: Schedule) (make: Maker) (scores: float list) =
    use _ = torch.NewDisposeScope()
    use one = new Modules.Parameter(torch.zeros 1L)
    use other = new Modules.Parameter(torch.zeros 1L)

    use optimizer =
        torch.optim.SGD(
            [|
                Modules.SGD.ParamGroup([| one |], initial[0])
                Modules.SGD.ParamGroup([| other |], initial[1])
            |],
            initial[0]
        )

    let scheduler = make optimizer

    ((ScheduleState.initial schedule, initial), scores)
    ||> List.fold (fun (state, rates) score ->
        scheduler.step score
        let struct (state, rates) = ScheduleState.observe schedule score rates state
        Expect.equal rates [| for group in optimizer.ParamGroups -> group.LearningRate |] $"after {score}"
        state, rates)
    |> ignore

let private plateaus =
    testList
        "plateau"
        [
            for mode, modeName in [ PlateauMode.Min, "min"; PlateauMode.Max, "max" ] do
                for threshold, thresholdName in [ ThresholdMode.Rel, "rel"; ThresholdMode.Abs, "abs" ] do
                    testPropertyWithConfig
                        Checked.config
                        $"{modeName}, {thresholdName}: the rates are TorchSharp's, whatever is seen"
                        (fun (seen: int16 list) (NonNegativeInt patience) (NonNegativeInt cooldown) ->
                            let patience, cooldown = patience % 4, cooldown % 4

                            byPlateau
                                (Schedule.ReduceOnPlateau(
                                    mode,
                                    0.5,
                                    patience,
                                    0.05,
                                    threshold,
                                    cooldown,
                                    [| 0.01; 0.0005 |],
                                    1e-3
                                ))
                                (fun it ->
                                    torch.optim.lr_scheduler.ReduceLROnPlateau(
                                        it,
                                        modeName,
                                        0.5,
                                        patience,
                                        0.05,
                                        thresholdName,
                                        cooldown,
                                        [| 0.01; 0.0005 |],
                                        1e-3
                                    ))
                                (seen |> List.map (fun it -> float (it % 20s))))
            test "not a number is not better" {
                let schedule = Schedule.ReduceOnPlateau(patience = 0L)

                let struct (_, rates) =
                    ScheduleState.observe schedule nan initial (ScheduleState.initial schedule)

                near [| 0.01; 0.002 |] rates "reduced"
            }
            test "a plateau schedule is not stepped, and another is shown no value" {
                let plateau, step = Schedule.ReduceOnPlateau(), Schedule.Step(1L, 0.5)

                throws<InvalidOperationException> "_by_plateau" (fun () ->
                    ScheduleState.advance plateau initial initial (ScheduleState.initial plateau)
                    |> ignore)

                throws<InvalidOperationException> "_by_epoch" (fun () ->
                    ScheduleState.observe step 1.0 initial (ScheduleState.initial step) |> ignore)
            }
        ]

let tests = testSequenced plateaus
