namespace MetricLearning.Interruption

open System
open System.Threading
open MetricLearning
open MetricLearning.Core

/// Processes that are killed.
module Killing =

    // Kills processes, waiting each time for the moment, until so many kills count; runs that end too early begin anew.
    let private kill
        (times: int)
        (wait: int -> Running -> string -> unit)
        (counts: bool -> bool)
        (case: Case)
        (expected: string)
        : Interrupted =
        let rec interrupt (folder: string) (attempt: int) (left: int) (found: Interrupted) =
            if left = 0 then
                Interrupted.finish case expected folder found, attempt, 0
            else
                let began = DateTime.UtcNow
                use running = Interrupted.start case folder []
                running.WaitForStart()
                wait attempt running folder
                let wasKilled = running.Kill()
                let found = Interrupted.resumed running found

                if wasKilled then
                    let isInWriting = not (Folder.unfinished began folder).IsEmpty

                    { found with
                        Kills = found.Kills + 1
                        InWriting = found.InWriting + (if isInWriting then 1 else 0)
                    }
                    |> Interrupted.check "every checkpoint is whole" (Folder.isWhole folder)
                    |> interrupt folder (attempt + 1) (if counts isInWriting then left - 1 else left)
                else
                    Interrupted.ended expected running found, attempt + 1, left

        let rec again (attempt: int) (left: int) (found: Interrupted) =
            match Folder.within (fun folder -> interrupt folder attempt left found) with
            | found, _, 0 -> found
            | found, attempt, left -> again attempt left found

        again 0 times Interrupted.nothing

    /// Kills at random moments of training, so often.
    let atRandom (seed: Seed) (times: int) (case: Case) (expected: string, duration: TimeSpan) : Interrupted =
        let random = seed.Random()
        // Short enough for several on the way from the first iteration to the last; a process takes its time to compile its
        // first iterations.
        let onTheWay = min times 8
        let longest = TimeSpan.FromSeconds 0.6 + duration * min 0.8 (2.5 / float onTheWay)
        kill times (fun _ _ _ -> Thread.Sleep(longest * random.NextDouble())) (fun _ -> true) case expected

    // Until the first, second or third checkpoint is being written.
    let private waitForWriter (attempt: int) (running: Running) (folder: string) : unit =
        let began = DateTime.UtcNow
        let mutable left = 1 + attempt % 3
        let mutable last = ""

        while left > 0 && not running.HasEnded do
            match Folder.unfinished began folder with
            | path :: _ when path <> last ->
                last <- path
                left <- left - 1
            | _ -> Thread.Yield() |> ignore

    /// Kills writers in the middle of a checkpoint, so often.
    let inWriting (times: int) (case: Case) (expected: string, _: TimeSpan) : Interrupted =
        kill times waitForWriter id case expected
