namespace MetricLearning.Core

open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Threading
open TorchSharp

/// Something that one thread at a time may use: a module, a parameter, or libtorch's generators.
[<Sealed>]
type internal Turn() =
    let mutable owner: Thread | null = null

    /// The thread that uses it; null when it is free.
    member _.Owner
        with get (): Thread | null = owner
        and set (thread: Thread | null) = owner <- thread

    /// The number of times that its owner has taken it and not yet given it back.
    member val Depth = 0 with get, set

    /// Counts the times that weights were changed.
    member val Changes = 0L with get, set

/// Locks on what threads share, and no more: modules belong to whoever uses them, libtorch's generators to the process. A thread takes all
/// that it needs at once or waits for it with empty hands, in order of arrival, so threads that do not nest can never wait for
/// each other. Of those that do (a network that asks another model), the one that would close the circle is refused.
module internal Locks =

    [<ReferenceEquality>]
    type private Waiting = { Thread: Thread; Wanted: Turn[] }

    let private turns = ConditionalWeakTable<obj, Turn>()
    let private gate = obj ()
    // In order of arrival.
    let private queue = ResizeArray<Waiting>()
    // How many turns each thread has that has any.
    let private held = Dictionary<Thread, int>()

    /// The turn of libtorch's generators.
    let generators = Turn()

    /// The turns of modules, with all that is in them. Two networks that share a layer or a parameter share a turn.
    let ofModules (modules: torch.nn.Module seq) : Turn[] =
        [|
            for one in modules do
                yield turns.GetOrCreateValue one

                for layer in one.modules () do
                    yield turns.GetOrCreateValue layer

                for parameter in one.parameters () do
                    yield turns.GetOrCreateValue parameter
        |]
        |> Array.distinct

    let private isOf (thread: Thread) (turn: Turn) = obj.ReferenceEquals(turn.Owner, thread)

    let private isFreeFor (thread: Thread) (turn: Turn) = isNull turn.Owner || isOf thread turn

    // A thread with empty hands lets those go first who came first. One that holds something must not: they may wait for it.
    let private mayEnter (me: Waiting) : bool =
        let isWantedBefore () =
            queue
            |> Seq.takeWhile (fun earlier -> not (obj.ReferenceEquals(earlier, me)))
            |> Seq.exists (fun earlier -> earlier.Wanted |> Array.exists (fun turn -> Array.contains turn me.Wanted))

        Array.forall (isFreeFor me.Thread) me.Wanted
        && (held.ContainsKey me.Thread || queue.Count = 0 || not (isWantedBefore ()))

    // Whether one of the threads that these turns are waited for waits, in turn, for this one.
    let private leadsBack (me: Waiting) : bool =
        let seen = HashSet<Thread>()

        let rec search (wanted: Turn[]) =
            wanted
            |> Array.exists (fun turn ->
                match turn.Owner with
                | null -> false
                | owner when not (seen.Add owner) -> false
                | owner ->
                    queue
                    |> Seq.exists (fun other ->
                        obj.ReferenceEquals(other.Thread, owner)
                        && (Array.exists (isOf me.Thread) other.Wanted || search other.Wanted)))

        held.ContainsKey me.Thread
        && search (me.Wanted |> Array.filter (fun turn -> not (isOf me.Thread turn)))

    let private wait (me: Waiting) : unit =
        if leadsBack me then
            invalidOp
                "Two threads would wait for each other for ever: each asks, in the middle of a forward pass, loss or hook, for networks that the other is using. Give each thread networks of its own, or ask for what they make before the pass."

        queue.Add me

        try
            while not (mayEnter me) do
                Monitor.Wait gate |> ignore
        finally
            queue.Remove me |> ignore
            Monitor.PulseAll gate

    let private count (thread: Thread) (difference: int) : unit =
        let before =
            match held.TryGetValue thread with
            | true, number -> number
            | _ -> 0

        match before + difference with
        | 0 -> held.Remove thread |> ignore
        | number -> held[thread] <- number

    let private take (wanted: Turn[]) : unit =
        lock gate (fun () ->
            let me =
                {
                    Thread = Thread.CurrentThread
                    Wanted = wanted
                }

            if not (mayEnter me) then
                wait me

            for turn in wanted do
                turn.Owner <- me.Thread
                turn.Depth <- turn.Depth + 1

            count me.Thread wanted.Length)

    let private giveBack (taken: Turn[]) : unit =
        lock gate (fun () ->
            for turn in taken do
                turn.Depth <- turn.Depth - 1

                if turn.Depth = 0 then
                    turn.Owner <- null

            count Thread.CurrentThread (-taken.Length)

            if queue.Count > 0 then
                Monitor.PulseAll gate)

    /// Runs an action that nobody else disturbs who needs one of these turns.
    /// InvalidOperationException if that can never be.
    let holding (wanted: Turn[]) (act: unit -> 'T) : 'T =
        take wanted

        try
            act ()
        finally
            giveBack wanted

    /// The same for an action that draws from libtorch's generators: in the middle of another thread's iteration it would change
    /// what that one draws.
    let drawing (wanted: Turn[]) (act: unit -> 'T) : 'T =
        holding (Array.append [| generators |] wanted) act

    /// Notes that weights are changed. Only by whoever holds their turns.
    let noteChange (changed: Turn[]) : unit =
        for turn in changed do
            turn.Changes <- turn.Changes + 1L

    /// A number that is another one after every change.
    let changes (turns: Turn[]) : int64 = turns |> Array.sumBy _.Changes
