/// Code that runs on several threads, and counts whether it runs at the same time.
module MetricLearning.Core.Tests.Support.Meetings

open System
open System.Threading
open System.Threading.Tasks
open Expecto

/// Only a test that fails waits so long.
let private patience = TimeSpan.FromMinutes 1.0

/// A place where so many threads wait for each other: they meet only if none of them waits for another to be done.
type Meeting(threads: int) =
    let barrier = new Barrier(threads)
    let mutable met = 0

    /// Whether threads wait here; not while networks are tried out.
    member val IsOn = true with get, set

    /// How many came, and met all others.
    member _.Met = met

    /// Comes to the place, the first time.
    member meeting.Come() : unit =
        if meeting.IsOn && barrier.SignalAndWait patience then
            Interlocked.Increment &met |> ignore
            meeting.IsOn <- false

/// Counts those inside at the same time.
type Crowd() =
    let mutable inside = 0
    let mutable most = 0

    /// The most that were inside.
    member _.Most = most

    /// Goes in and out; others get the chance to come.
    member crowd.Visit() : unit =
        lock crowd (fun () ->
            inside <- inside + 1
            most <- max most inside)

        Thread.Yield() |> ignore
        lock crowd (fun () -> inside <- inside - 1)

/// Runs acts at once, each on a thread of its own, and raises what they raise.
let together (acts: (unit -> unit) list) : unit =
    let tasks =
        [|
            for act in acts -> Task.Factory.StartNew(act, TaskCreationOptions.LongRunning)
        |]

    Expect.isTrue (Task.WaitAll(tasks, TimeSpan.FromMinutes 3.0)) "all are done"
