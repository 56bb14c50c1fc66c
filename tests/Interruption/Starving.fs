namespace MetricLearning.Interruption

open System
open System.Threading
open MetricLearning
open MetricLearning.Core

/// Processes whose checkpoints cannot be written.
module Starving =

    // A process that is killed when there is a checkpoint; None if it saved itself and came to its end first.
    let private untilSaved (case: Case) (folder: string) : Interrupted option =
        use running = Interrupted.start case folder []

        SpinWait.SpinUntil(fun () -> Folder.newest folder > 0L || running.HasEnded)

        if not (running.Kill()) && Folder.newest folder > 0L then
            None
        else
            Some(Interrupted.resumed running Interrupted.nothing)

    /// Lets a run save itself; then fail to, because files may not be large enough, once going on and once ending; and then
    /// lets it go on.
    let rec ofSpace (seed: Seed) (case: Case) (expected: string, duration: TimeSpan) : Interrupted =
        let random = seed.Random()

        let starved (folder: string) (found: Interrupted) : Interrupted =
            let before = Folder.checkpoints folder
            let smallest = before.Values |> Seq.map _.Length |> Seq.min

            let starve (onFailure: string) (act: Running -> Interrupted -> Interrupted) (found: Interrupted) =
                let limit = random.Next(1, smallest)

                use running =
                    Interrupted.start case folder [ "--limit"; string limit; "--on-failure"; onFailure ]

                running.WaitForStart()
                let found = act running found

                { found with
                    Starved = found.Starved + 1
                }
                |> Interrupted.resumed running
                |> Interrupted.check "earlier checkpoints are as they were" (Folder.checkpoints folder = before)

            let goesOn (running: Running) (found: Interrupted) =
                running.WaitForFailure()
                Thread.Sleep(duration * random.NextDouble() * 0.3)
                running.Kill() |> ignore
                Interrupted.check "training goes on, and says so" (not (isNull (running.Said "failed"))) found

            let ends (running: Running) (found: Interrupted) =
                let began = DateTime.UtcNow
                running.WaitForEnd()

                found
                |> Interrupted.check
                    "training ends with the reason"
                    (isNull (running.Said "done")
                     && running.Errors.Contains "larger than files may be here")
                |> Interrupted.check "and leaves no half of a file" (Folder.unfinished began folder).IsEmpty

            found
            |> starve "report" goesOn
            |> starve "stop" ends
            |> Interrupted.finish case expected folder

        // On a busy machine a whole run may pass between two looks into its folder: it has nothing left to save then.
        Folder.within (fun folder -> untilSaved case folder |> Option.map (starved folder))
        |> Option.defaultWith (fun () -> ofSpace seed case (expected, duration))
