/// Law 11, tiles: they change no step.
module MetricLearning.Core.Tests.Laws.TileLaw

open TorchSharp
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.MicroRuns

// Losses inside others included.
let rec private limit (memory: int64) (part: torch.nn.Module) : unit =
    match part with
    | :? Loss as loss -> loss.MaxMemory <- memory
    | _ -> ()

    for struct (_, child) in part.named_children () do
        limit memory child

let private changeNoStep (subject: Subject) (settings: Settings) (number: int) =
    let settings =
        { settings with
            Float64 = true
            // Others divide gradients that are 0 but for rounding by hardly more.
            Optimizer = settings.Optimizer % 2
            // TorchSharp's schedulers cannot go back.
            TorchSchedulers = false
        }

    let prepare (memory: int64) =
        let options = subject.Options settings (Trap()) |> inFloat64

        for _, loss in options.LossFuncs.Present do
            limit memory loss

        Setup.prepare subject.Recipe options

    // Tiles of one anchor, and of some.
    let memories = [| 1L; 3000L; 10000L |]
    expectSameSteps 4 (prepare (1L <<< 40)) (prepare memories[number % 3])

let tests =
    testList "11 cuts do not matter: tiles" [ LawChecks.law 60 "of any size" changeNoStep ]
