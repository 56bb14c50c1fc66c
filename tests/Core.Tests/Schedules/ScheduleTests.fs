module MetricLearning.Core.Tests.Schedules.ScheduleTests

open System
open Expecto
open FsCheck
open MetricLearning.Core
open MetricLearning.Core.Tests.Feed.Expectations
open TorchSharp

let private initial = [| 0.1; 0.02 |]

/// The rates of two parameter groups before the first step and after each.
let private trace (schedule: Schedule) (steps: int) : float[] list =
    let first = ScheduleState.start schedule initial initial

    ((ScheduleState.initial schedule, first), [ 1..steps ])
    ||> List.scan (fun (state, rates) _ ->
        let struct (state, rates) = ScheduleState.advance schedule initial rates state
        state, rates)
    |> List.map snd

let private near (expected: float[]) (actual: float[]) (what: string) =
    Array.iter2 (fun expected actual -> Expect.isLessThan (abs (expected - actual)) 1e-12 what) expected actual

type private Maker = torch.optim.Optimizer -> torch.optim.lr_scheduler.LRScheduler

/// Those of TorchSharp's schedulers that equal PyTorch's.
let private torchs: (string * Schedule * int * Maker) list =
    [
        "step", Schedule.step 3L 0.5, 20, (fun it -> torch.optim.lr_scheduler.StepLR(it, 3, 0.5))
        "multi-step",
        Schedule.multiStep [ 2L; 7L; 8L ] 0.3,
        20,
        (fun it -> torch.optim.lr_scheduler.MultiStepLR(it, [| 2; 7; 8 |], 0.3))
        "exponential", Schedule.exponential 0.9, 50, (fun it -> torch.optim.lr_scheduler.ExponentialLR(it, 0.9))
        "cosine", Schedule.cosine 10L 0.001, 45, (fun it -> torch.optim.lr_scheduler.CosineAnnealingLR(it, 10.0, 0.001))
        "linear warm-up",
        Schedule.linearWarmUp 0.25 0.75 6L,
        12,
        (fun it -> torch.optim.lr_scheduler.LinearLR(it, 0.25, 0.75, 6))
        "polynomial", Schedule.polynomial 9L 2.0, 12, (fun it -> torch.optim.lr_scheduler.PolynomialLR(it, 9, 2.0))
    ]

let private asTorch =
    testList
        "the rates of two groups are TorchSharp's"
        [
            for name, schedule, steps, make in torchs ->
                test name {
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

                    trace schedule steps
                    |> List.iteri (fun step rates ->
                        if step > 0 then
                            scheduler.step ()

                        let theirs = [| for group in optimizer.ParamGroups -> group.LearningRate |]
                        near theirs rates $"after {step} steps")
                }
        ]

// PyTorch's documentation of CosineAnnealingWarmRestarts: η_min + ½ (η_max − η_min)(1 + cos(π T_cur / T_i)).
let private restarts t0 tMult etaMin rate steps =
    let mutable current, length = 0, t0

    for _ in 1..steps do
        current <- current + 1

        if current = length then
            current <- 0
            length <- length * tMult

    etaMin
    + 0.5 * (rate - etaMin) * (1.0 + cos (Math.PI * float current / float length))

// PyTorch's documentation of OneCycleLR: phases that end at given steps, each annealed from one rate to another.
let private oneCycle (cycle: OneCycle) peak step =
    let total, first = float cycle.TotalSteps, peak / cycle.DivFactor
    let last = first / cycle.FinalDivFactor
    let rise = cycle.PctStart * total - 1.0

    let phases =
        if cycle.ThreePhase then
            [
                0.0, rise, first, peak
                rise, 2.0 * rise, peak, first
                2.0 * rise, total - 1.0, first, last
            ]
        else
            [ 0.0, rise, first, peak; rise, total - 1.0, peak, last ]

    let begins, ends, from, towards =
        phases
        |> List.tryFind (fun (_, ends, _, _) -> step <= ends)
        |> Option.defaultWith (fun () -> List.last phases)

    let part = (step - begins) / (ends - begins)

    match cycle.Anneal with
    | Annealing.Cosine -> towards + (from - towards) / 2.0 * (cos (Math.PI * part) + 1.0)
    | Annealing.Linear -> from + (towards - from) * part

let private asFormula =
    testList
        "the rates are those of the documentation's formula"
        [
            testProperty "cosine with warm restarts" (fun (PositiveInt t0) (PositiveInt tMult) ->
                let t0, tMult = t0 % 9 + 1, tMult % 4 + 1

                trace (Schedule.cosineWarmRestarts (int64 t0) (int64 tMult) 0.001) 60
                |> List.iteri (fun steps rates ->
                    near
                        (initial |> Array.map (fun rate -> restarts t0 tMult 0.001 rate steps))
                        rates
                        $"after {steps} steps"))
            for three in [ false; true ] do
                for anneal in [ Annealing.Cosine; Annealing.Linear ] do
                    test $"one cycle, {anneal}, three phases: {three}, a peak for each group" {
                        let cycle =
                            { Schedule.oneCycleDefaults 0.0 40L with
                                MaxLr = [| 0.7; 0.3 |]
                                ThreePhase = three
                                Anneal = anneal
                                DivFactor = 10.0
                            }

                        trace (Schedule.oneCycleOf cycle) 40
                        |> List.iteri (fun step rates ->
                            near
                                (cycle.MaxLr |> Array.map (fun peak -> oneCycle cycle peak (float step)))
                                rates
                                $"after {step} steps")
                    }
            test "milestones named twice count twice, in any order" {
                let rates = trace (Schedule.multiStep [ 5L; 2L; 5L ] 0.5) 6 |> List.map Array.head
                Expect.equal rates [ 0.1; 0.1; 0.05; 0.05; 0.05; 0.0125; 0.0125 ] "rates"
            }
            test "one cycle may be stepped its total steps, and not once more" {
                let cycle = Schedule.oneCycle 1.0 10L
                Expect.hasLength (trace cycle 10) 11 "ten steps"

                throws<InvalidOperationException> "10 total steps was stepped 11 times" (fun () ->
                    trace cycle 11 |> ignore)
            }
            test "a rise without length begins at the peak" {
                let cycle =
                    { Schedule.oneCycleDefaults 1.0 10L with
                        PctStart = 0.1
                    }

                Expect.equal (trace (Schedule.oneCycleOf cycle) 3).Head [| 1.0; 1.0 |] "the first rates"
            }
        ]

let private byPlateau (plateau: Plateau) (make: Maker) (scores: float list) =
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
    let schedule = Schedule.plateau plateau

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
                for threshold, thresholdName in [ ThresholdMode.Relative, "rel"; ThresholdMode.Absolute, "abs" ] do
                    testProperty
                        $"{modeName}, {thresholdName}: the rates are TorchSharp's, whatever is seen"
                        (fun (seen: int16 list) (NonNegativeInt patience) (NonNegativeInt cooldown) ->
                            let patience, cooldown = patience % 4, cooldown % 4

                            byPlateau
                                {
                                    Mode = mode
                                    Factor = 0.5
                                    Patience = int64 patience
                                    Threshold = 0.05
                                    ThresholdMode = threshold
                                    Cooldown = int64 cooldown
                                    MinLr = [| 0.01; 0.0005 |]
                                    Eps = 1e-3
                                }
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
                let schedule =
                    Schedule.plateau
                        { Schedule.plateauDefaults with
                            Patience = 0L
                        }

                let struct (_, rates) =
                    ScheduleState.observe schedule nan initial (ScheduleState.initial schedule)

                near [| 0.01; 0.002 |] rates "reduced"
            }
            test "a plateau schedule is not stepped, and another is shown no value" {
                let plateau, step = Schedule.plateau Schedule.plateauDefaults, Schedule.step 1L 0.5

                throws<InvalidOperationException> "_by_plateau" (fun () ->
                    ScheduleState.advance plateau initial initial (ScheduleState.initial plateau)
                    |> ignore)

                throws<InvalidOperationException> "_by_epoch" (fun () ->
                    ScheduleState.observe step 1.0 initial (ScheduleState.initial step) |> ignore)
            }
        ]

let private schedules =
    [
        for _, schedule, _, _ in torchs do
            schedule
        Schedule.cosineWarmRestarts 4L 2L 0.001
        Schedule.oneCycle 0.5 30L
    ]

let private values =
    testList
        "as values"
        [
            test "alone on its optimizer, a schedule gives its formula's bits" {
                for schedule in schedules do
                    trace schedule 30
                    |> List.iteri (fun steps rates ->
                        let formula =
                            initial
                            |> Array.mapi (fun group rate -> ClosedForm.rate schedule.Rule group rate (int64 steps))

                        Expect.equal rates formula $"{schedule.Rule} after {steps} steps")
            }
            test "stepping twice from one state gives the same, and changes nothing that was given" {
                for schedule in schedules do
                    let rates = ScheduleState.start schedule initial initial
                    let copy = Array.copy rates
                    let state = ScheduleState.initial schedule

                    Expect.equal
                        (ScheduleState.advance schedule initial rates state)
                        (ScheduleState.advance schedule initial rates state)
                        "same"

                    Expect.equal (rates, initial) (copy, [| 0.1; 0.02 |]) "unchanged"
            }
            test "two schedules on one optimizer multiply" {
                let warm, decay = Schedule.linearWarmUp 0.25 1.0 4L, Schedule.exponential 0.9

                let start =
                    ScheduleState.start decay initial (ScheduleState.start warm initial initial)

                ((ScheduleState.initial warm, ScheduleState.initial decay, start), [ 1L .. 8L ])
                ||> List.fold (fun (first, second, rates) steps ->
                    let struct (first, rates) = ScheduleState.advance warm initial rates first
                    let struct (second, rates) = ScheduleState.advance decay initial rates second

                    let expected =
                        initial
                        |> Array.map (fun rate ->
                            rate * (0.25 + 0.75 * float (min steps 4L) / 4.0) * Math.Pow(0.9, float steps))

                    near expected rates $"after {steps} steps"
                    first, second, rates)
                |> ignore
            }
            test "a schedule leads out of a rate of zero by its formula" {
                let schedule = Schedule.cosine 2L 0.0
                let rates = trace schedule 4 |> List.map Array.head
                Expect.isLessThan (abs rates[2]) 1e-17 "zero"
                Expect.floatClose Accuracy.high rates[4] 0.1 "and back"
            }
            test "it may name the optimizer that it drives" {
                Expect.equal (Schedule.step 1L 0.5).Optimizer None "by default its key's"

                Expect.equal
                    (Schedule.step 1L 0.5 |> Schedule.drives "trunk_optimizer").Optimizer
                    (Some "trunk_optimizer")
                    "named"
            }
        ]

let private refusals =
    let cycle = Schedule.oneCycleDefaults 1.0 10L
    let plateau = Schedule.plateauDefaults

    testList
        "an argument out of range is refused by name"
        [
            for index, (name, make) in
                List.indexed
                    [
                        "stepSize", (fun () -> Schedule.step 0L 0.1)
                        "gamma", (fun () -> Schedule.step 1L nan)
                        "milestones", (fun () -> Schedule.multiStep [ 3L; -1L ] 0.1)
                        "gamma", (fun () -> Schedule.exponential -0.1)
                        "tMax", (fun () -> Schedule.cosine 0L 0.0)
                        "etaMin", (fun () -> Schedule.cosine 1L infinity)
                        "t0", (fun () -> Schedule.cosineWarmRestarts 0L 1L 0.0)
                        "tMult", (fun () -> Schedule.cosineWarmRestarts 1L 0L 0.0)
                        "startFactor", (fun () -> Schedule.linearWarmUp 0.0 1.0 5L)
                        "startFactor", (fun () -> Schedule.linearWarmUp 1.5 1.0 5L)
                        "endFactor", (fun () -> Schedule.linearWarmUp 0.5 1.5 5L)
                        "totalIters", (fun () -> Schedule.linearWarmUp 0.5 1.0 0L)
                        "totalIters", (fun () -> Schedule.polynomial 0L 1.0)
                        "power", (fun () -> Schedule.polynomial 1L nan)
                        "maxLr", (fun () -> Schedule.oneCycle 0.0 10L)
                        "maxLr", (fun () -> Schedule.oneCycleOf { cycle with MaxLr = [||] })
                        "totalSteps", (fun () -> Schedule.oneCycle 1.0 0L)
                        "pctStart", (fun () -> Schedule.oneCycleOf { cycle with PctStart = 1.1 })
                        "divFactor", (fun () -> Schedule.oneCycleOf { cycle with DivFactor = 0.0 })
                        "finalDivFactor", (fun () -> Schedule.oneCycleOf { cycle with FinalDivFactor = nan })
                        "factor", (fun () -> Schedule.plateau { plateau with Factor = 1.0 })
                        "patience", (fun () -> Schedule.plateau { plateau with Patience = -1L })
                        "threshold", (fun () -> Schedule.plateau { plateau with Threshold = -1.0 })
                        "cooldown", (fun () -> Schedule.plateau { plateau with Cooldown = -1L })
                        "minLr", (fun () -> Schedule.plateau { plateau with MinLr = [| 0.0; -1.0 |] })
                        "eps", (fun () -> Schedule.plateau { plateau with Eps = -1.0 })
                    ] do
                test $"{index}: {name}" {
                    Expect.throwsC (fun () -> make () |> ignore) (fun error ->
                        Expect.equal (error :?> ArgumentException).ParamName name "the argument's name")
                }
            test "a peak for each of two groups does not do for three" {
                let schedule = Schedule.oneCycleOf { cycle with MaxLr = [| 1.0; 0.5 |] }
                let three = [| 0.1; 0.1; 0.1 |]

                throws<ArgumentException> "more parameter groups" (fun () ->
                    ScheduleState.start schedule three three |> ignore)
            }
        ]

let tests =
    testList "schedules" [ testSequenced asTorch; asFormula; testSequenced plateaus; values; refusals ]
