namespace MetricLearning.Core

open System
open System.Threading
open MetricLearning

/// Decisions of all processes between iterations.
module internal SharedTraining =

    let private flag (holds: bool) : int64 = if holds then 1L else 0L

    /// True if training has been stopped, which the first process decides; and the cancellation of any of them.
    let agree (processes: Processes) (token: CancellationToken) (progress: Progress) : struct (Progress * exn option) =
        let told =
            processes.Meeting.Meet(
                Occasion.Training,
                [| flag token.IsCancellationRequested; flag progress.Stopped.IsSome |]
            )

        let cancelled = told |> Array.tryFindIndex (fun numbers -> numbers[0] = 1L)

        let progress =
            match told[0].[1], progress.Stopped with
            | 0L, Some _ -> { progress with Stopped = None }
            | 1L, None -> Progress.stop StopReason.Hook progress
            | _ -> progress

        let error: exn option =
            match cancelled with
            | None -> None
            | Some _ when token.IsCancellationRequested -> Some(OperationCanceledException token)
            | Some rank -> Some(OperationCanceledException $"Process {rank + 1} of {processes.Count} was cancelled.")

        struct (progress, Option.map Failures.known error)

    /// An action of the first process alone, such as writing files. `isLast`: nothing follows in which the others would hear of its failure.
    let firstAlone (processes: Processes) (isLast: bool) (act: unit -> unit) : unit =
        processes.Meeting.Together(fun () ->
            if processes.IsFirst then
                act ()

            if isLast then
                processes.Meeting.Meet(Occasion.Training, [||]) |> ignore)

    /// The score of the first process.
    let score (processes: Processes) (own: float) : float =
        processes.Meeting.Meet(Occasion.Score, [| BitConverter.DoubleToInt64Bits own |])
        |> Array.head
        |> Array.head
        |> BitConverter.Int64BitsToDouble
