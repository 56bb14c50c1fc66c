namespace MetricLearning.Core

open System
open System.Text
open MetricLearning

/// The condition of a process, which it tells when processes meet.
type internal Condition =
    | Well = 0L
    | Failed = 1L
    | Cancelled = 2L
    | NotFinite = 3L

/// Failures of one process as exceptions of all.
module internal Failures =

    [<Literal>]
    let private Mark = "told to all processes"

    /// True for an exception that all processes know of: it, or one inside of it, was raised in each of them.
    let rec areKnown (error: exn) : bool =
        error.Data.Contains Mark
        || (match error.InnerException with
            | null -> false
            | inner -> areKnown inner)

    /// The exception, which all processes know of from now on.
    let known (error: exn) : exn =
        if not error.Data.IsReadOnly then
            error.Data[Mark] <- true

        error

    /// The condition of a process that failed so.
    let condition (error: exn) : Condition =
        match error with
        | :? OperationCanceledException -> Condition.Cancelled
        | :? NotFiniteNumberException -> Condition.NotFinite
        | _ -> Condition.Failed

    /// The message of an exception, to be sent.
    let bytes (error: exn) : byte[] =
        let text =
            match error with
            | :? InvalidOperationException
            | :? ArgumentException
            | :? OperationCanceledException
            | :? NotFiniteNumberException -> error.Message
            | _ -> $"{error.Message} ({error.GetType().Name})"

        Encoding.UTF8.GetBytes text

    /// The exception that another process raises for it.
    let elsewhere (rank: int) (count: int) (condition: Condition) (message: byte[]) : exn =
        let text = Encoding.UTF8.GetString message

        let error: exn =
            match condition with
            | Condition.Cancelled -> OperationCanceledException $"Process {rank + 1} of {count} was cancelled: {text}"
            | Condition.NotFinite -> NotFiniteNumberException($"Process {rank + 1} of {count} failed: {text}", nan)
            | _ -> ProcessException(rank, count, text)

        known error
