namespace MetricLearning

open System
open System.Runtime.InteropServices

/// A part of a run that could not take what it was given: a network, loss, miner, gradient clipper, the order of data or the
/// data set. Its own error is the inner exception.
[<Sealed>]
type PartException internal (part: string, place: string, reason: string, inner: exn | null) =
    inherit InvalidOperationException($"{part} failed{place}: {reason}", inner)

    /// The entry of the options and the class that stands there, or what was done with the data.
    member _.Part = part

    /// The same with the iteration in which it happened.
    member internal _.At(place: string) : PartException =
        PartException(part, place, reason, inner)

    /// The same with more to say of the reason.
    member internal _.Because(explain: string -> string) : PartException =
        PartException(part, place, explain reason, inner)

/// Naming the part whose error it is.
module internal Parts =

    /// libtorch's message without the calls in C++ that its exception adds.
    let reason (error: exn) : string =
        match error with
        | :? ExternalException ->
            match error.Message.IndexOf("\nException raised from", StringComparison.Ordinal) with
            | -1 -> error.Message
            | calls -> error.Message[.. calls - 1]
        | _ -> error.Message

    let private note (error: exn) (name: string) (value: obj) : unit =
        if not error.Data.IsReadOnly then
            error.Data[name] <- value

    // Types of the user's own are for the user to catch.
    let private isOfTheInput (error: exn) =
        error :? ExternalException
        || error :? ArgumentException
        || error.GetType() = typeof<InvalidOperationException>

    /// The result of a part. An input that it could not take becomes a PartException, with the reason that is found for it; other
    /// exceptions of the user's code are passed on, with the part in their `Data`.
    let runFor (reasonOf: exn -> string) (part: unit -> string) (act: unit -> 'T) : 'T =
        try
            act ()
        with
        | :? PartException -> reraise ()
        | error when isOfTheInput error -> raise (PartException(part (), "", reasonOf error, error))
        | error ->
            note error "part" (part ())
            reraise ()

    /// The same with the reason that the exception gives.
    let run (part: unit -> string) (act: unit -> 'T) : 'T = runFor reason part act

    /// The result of an iteration, the number of which in its epoch counts from 1: errors of its parts say which it was.
    let inIteration (epoch: int) (number: int) (act: unit -> 'T) : 'T =
        try
            act ()
        with
        | :? PartException as error -> raise (error.At $" in epoch {epoch}, iteration {number}")
        | error when error.Data.Contains "part" ->
            note error "epoch" epoch
            note error "iteration" number
            reraise ()
