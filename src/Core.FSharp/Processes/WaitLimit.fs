namespace MetricLearning.Core

open System
open System.Diagnostics
open System.Threading

/// Ends this process when it has waited for the others too long, so that no job waits for ever for a process that hangs. The
/// launcher then ends the others.
[<Sealed>]
type internal WaitLimit(name: string, finish: unit -> unit) =
    let mutable limit = WaitLimit.Default
    // Of the clock, when the wait began; 0 between waits.
    let mutable since = 0L
    let mutable told = 0L

    let say (waited: TimeSpan) (more: string) =
        Console.Error.WriteLine
            $"{name} has waited {waited.TotalSeconds:F0} s for the others: one of them hangs, is stopped, or does something that takes long.{more}"

        Console.Error.Flush()

    let look () =
        let began = Volatile.Read &since

        if began <> 0L then
            let waited = Stopwatch.GetElapsedTime began

            if waited >= limit then
                say waited " That is the limit (WaitLimit of Processes), so this process ends, and the job with it."
                finish ()
            elif waited >= limit / 10.0 && told <> began then
                told <- began
                say waited $" The job ends at {limit.TotalSeconds:F0} s (WaitLimit of Processes)."

    let watch () =
        while true do
            Thread.Sleep(min (TimeSpan.FromSeconds 1.0) (limit / 20.0))
            look ()

    let thread =
        lazy
            (let thread = Thread(watch, IsBackground = true, Name = "Wait limit of processes")
             thread.Start()
             thread)

    /// 10 minutes.
    static member Default = TimeSpan.FromMinutes 10.0

    /// The longest wait.
    member _.Limit
        with get () = limit
        and set (value: TimeSpan) = limit <- value

    /// The result of a call that waits for other processes.
    member _.Waiting(call: unit -> 'T) : 'T =
        thread.Force() |> ignore
        Volatile.Write(&since, Stopwatch.GetTimestamp())

        try
            call ()
        finally
            Volatile.Write(&since, 0L)
