/// Laws of runs: repeated, resumed and forked ones lead to the same bits, and what is not a run's own stays as it was.
module Gpu.Repeats

open System
open System.IO
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// A run that can be made anew on a device.
type Made =
    {
        Name: string
        Make: torch.Device -> Run
    }

let private place (device: torch.Device) (options: RunOptions) : RunOptions =
    for network in options.Models.Values do
        network.``to`` device |> ignore

    for loss in options.LossFuncs.Values do
        loss.``to`` device |> ignore

    RunOptions(options, DataDevice = device)

let private inHalf: Made list =
    [
        for subject in Subject.all do
            for settings in Settings.inHalf do
                {
                    Name = $"{subject.Name}, {Settings.precisionOf settings}"
                    Make =
                        fun device ->
                            use _ = torch.manual_seed 3L

                            subject.Options settings (Trap())
                            |> place device
                            |> Setup.prepare subject.Recipe
                }
    ]

/// Every trainer, with dropout, batch norm, a miner, schedules and a clipper; and in 16 bits.
let trainers: Made list =
    [
        yield! inHalf

        for subject in Subject.all do
            for loss in 0 .. RunParts.losses.Length - 1 do
                if subject.Name = "MetricLossOnly" || loss < 2 then
                    {
                        Name = $"{subject.Name}, {fst RunParts.losses[loss]}"
                        Make =
                            fun device ->
                                use _ = torch.manual_seed 3L

                                let settings =
                                    { Settings.rich with
                                        Loss = loss
                                        Miner = loss % 2
                                        Averaging = loss % 3
                                    }

                                subject.Options settings (Trap())
                                |> place device
                                |> Setup.prepare subject.Recipe
                    }
    ]

let private steps = 6

let private trained (run: Run) (from: TrainingState) : string list * TrainingState =
    let state = Run.steps run steps from
    [ for vector in state.Learned.Vectors -> Snapshot.bitsOf vector.Tensor ], state

let private ofFresh (made: Made) device =
    let run = made.Make device
    use _ = Session.Start run
    let bits, state = trained run run.State
    state.Dispose()
    bits

let private resumed (made: Made) (device: torch.Device) =
    let file = Path.GetTempFileName()

    try
        do
            let run = made.Make device
            use _ = Session.Start run
            use half = Run.steps run (steps / 2) run.State
            Checkpoint.save run.Recipe run.Handles half file

        let run = made.Make device
        use _ = Session.Start run
        use half = Checkpoint.load run.Recipe run.Handles file
        use whole = Run.steps run (steps - steps / 2) half
        [ for vector in whole.Learned.Vectors -> Snapshot.bitsOf vector.Tensor ]
    finally
        File.Delete file

let private forked (made: Made) device =
    let run = made.Make device
    use _ = Session.Start run
    let one, first = trained run run.State
    let other, second = trained run run.State
    first.Dispose()
    second.Dispose()
    one = other

let private keepsUsersStream (made: Made) device =
    let run = made.Make device
    use _ = Session.Start run
    use _ = torch.manual_seed 77L
    let expected = Snapshot.generator ()
    use _ = Run.step run run.State
    Snapshot.generator () = expected

let private crosses (made: Made) (one: torch.Device) (other: torch.Device) =
    let file = Path.GetTempFileName()

    let bits (state: TrainingState) =
        [ for vector in state.Learned.Vectors -> Snapshot.bitsOf vector.Tensor ]

    try
        let saved =
            let run = made.Make one
            use _ = Session.Start run
            use state = Run.steps run 3 run.State
            Checkpoint.save run.Recipe run.Handles state file
            bits state

        let run = made.Make other
        use _ = Session.Start run
        use state = Checkpoint.load run.Recipe run.Handles file
        use next = Run.step run state
        bits state = saved && next.Steps = 4L
    finally
        File.Delete file

/// Checks the laws of a run.
let check (checks: Checks) (made: Made) : unit =
    let device = checks.Device

    let holds name (law: unit -> bool) =
        checks.Check($"{made.Name}: {name}", (fun () -> if law () then [] else [ "it does not" ]))

    let first = lazy (ofFresh made device)
    holds "a second run gives the same bits" (fun () -> ofFresh made device = first.Value)
    holds "a resumed run gives the same bits" (fun () -> resumed made device = first.Value)
    holds "two forks of a state give the same bits" (fun () -> forked made device)
    holds "the user's stream of the CPU stays" (fun () -> keepsUsersStream made device)
    holds "a checkpoint of the device goes on on the CPU" (fun () -> crosses made device torch.CPU)
    holds "a checkpoint of the CPU goes on on the device" (fun () -> crosses made torch.CPU device)

let run (checks: Checks) : unit =
    for made in trainers do
        check checks made
