namespace MetricLearning.Interruption

open System
open System.IO
open System.Security.Cryptography
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// What happens to checkpoints that cannot be written.
[<RequireQualifiedAccess>]
type OnFailure =
    /// Training goes on.
    | Report
    /// Training ends.
    | Stop

/// The process that trains: it goes on from the newest checkpoint, saves itself, and tells its end on the standard output.
module Victim =

    let private say (line: string) =
        Console.Out.WriteLine line
        Console.Out.Flush()

    /// Trains a case to its end; `prepare` is given the session first. Gives the hash of a checkpoint of the last state, and so
    /// of all weights, slots, counts and numbers.
    let train (case: Case) (prepare: Session -> unit) (folder: string) : string =
        // As many in every process: sums are added in the same order then.
        torch.set_num_threads 1
        use session = case.Start()
        prepare session
        Drive.train session case.Epochs Drive.quietly
        let path = Path.Combine(folder, "final")
        session.SaveCheckpoint path
        let digest = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes path))
        File.Delete path
        digest

    /// Says `from STEPS`, `failed REASON` for every checkpoint that could not be written, and at the end `done HASH`.
    let run (case: Case) (folder: string) (limit: int64 option) (onFailure: OnFailure) : unit =
        let prepare (session: Session) =
            session.Checkpoints <-
                CheckpointOptions(
                    Folder = folder,
                    EveryIterations = case.SaveEvery,
                    Failed =
                        match onFailure with
                        | OnFailure.Report -> Action<exn>(fun error -> say $"failed {error.Message}")
                        | OnFailure.Stop -> null
                )

            session.ResumeLatest(folder, invalidOp) |> ignore
            Option.iter FileSizeLimit.set limit
            say $"from {session.Progress.Steps}"

        let digest = train case prepare folder
        say $"done {digest}"
