module MetricLearning.Core.Tests.State.FormulaTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.ScheduleTrace

/// Those of TorchSharp's schedulers that equal PyTorch's.
let torchs: (string * Schedule * int * Maker) list =
    [
        "step", Schedule.Step(3L, 0.5), 20, (fun it -> torch.optim.lr_scheduler.StepLR(it, 3, 0.5))
        "multi-step",
        Schedule.MultiStep([ 2L; 7L; 8L ], 0.3),
        20,
        (fun it -> torch.optim.lr_scheduler.MultiStepLR(it, [| 2; 7; 8 |], 0.3))
        "exponential", Schedule.Exponential 0.9, 50, (fun it -> torch.optim.lr_scheduler.ExponentialLR(it, 0.9))
        "cosine",
        Schedule.CosineAnnealing(10L, 0.001),
        45,
        (fun it -> torch.optim.lr_scheduler.CosineAnnealingLR(it, 10.0, 0.001))
        "linear warm-up",
        Schedule.Linear(0.25, 0.75, 6L),
        12,
        (fun it -> torch.optim.lr_scheduler.LinearLR(it, 0.25, 0.75, 6))
        "polynomial", Schedule.Polynomial(9L, 2.0), 12, (fun it -> torch.optim.lr_scheduler.PolynomialLR(it, 9, 2.0))
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
let private oneCycle anneal threePhase peak step =
    let total, first = 40.0, peak / 10.0
    let last = first / 1e4
    let rise = 0.3 * total - 1.0

    let phases =
        if threePhase then
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

    if anneal = AnnealStrategy.Cos then
        towards + (from - towards) / 2.0 * (cos (Math.PI * part) + 1.0)
    else
        from + (towards - from) * part

let private asFormula =
    testList
        "the rates are those of the documentation's formula"
        [
            testPropertyWithConfig
                Checked.config
                "cosine with warm restarts"
                (fun (PositiveInt t0) (PositiveInt tMult) ->
                    let t0, tMult = t0 % 9 + 1, tMult % 4 + 1

                    trace (Schedule.CosineAnnealingWarmRestarts(t0, tMult, 0.001)) 60
                    |> List.iteri (fun steps rates ->
                        near
                            (initial |> Array.map (fun rate -> restarts t0 tMult 0.001 rate steps))
                            rates
                            $"after {steps} steps"))
            for three in [ false; true ] do
                for anneal in [ AnnealStrategy.Cos; AnnealStrategy.Linear ] do
                    test $"one cycle, {anneal}, three phases: {three}, a peak for each group" {
                        let peaks = [| 0.7; 0.3 |]

                        let cycle =
                            Schedule.OneCycle(peaks, 40L, annealStrategy = anneal, divFactor = 10.0, threePhase = three)

                        trace cycle 40
                        |> List.iteri (fun step rates ->
                            near
                                (peaks |> Array.map (fun peak -> oneCycle anneal three peak (float step)))
                                rates
                                $"after {step} steps")
                    }
            test "milestones named twice count twice, in any order" {
                let rates = trace (Schedule.MultiStep([ 5L; 2L; 5L ], 0.5)) 6 |> List.map Array.head
                Expect.equal rates [ 0.1; 0.1; 0.05; 0.05; 0.05; 0.0125; 0.0125 ] "rates"
            }
            test "one cycle may be stepped its total steps, and not once more" {
                let cycle = Schedule.OneCycle(1.0, 10L)
                Expect.hasLength (trace cycle 10) 11 "ten steps"

                throws<InvalidOperationException> "10 total steps was stepped 11 times" (fun () ->
                    trace cycle 11 |> ignore)
            }
            test "a rise without length begins at the peak" {
                let cycle = Schedule.OneCycle(1.0, 10L, pctStart = 0.1)
                Expect.equal (trace cycle 3).Head [| 1.0; 1.0 |] "the first rates"
            }
        ]

let tests = testList "formulas" [ testSequenced asTorch; asFormula ]
