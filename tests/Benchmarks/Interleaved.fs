namespace MetricLearning.Benchmarks

open System
open System.Diagnostics

/// Which clock counts.
[<RequireQualifiedAccess>]
type Clock =
    /// The one on the wall.
    | Wall
    /// The processor time of this process, all threads together: for one thread on a machine that is busy with other things.
    | Processor

    override this.ToString() =
        match this with
        | Clock.Wall -> "wall"
        | Clock.Processor -> "processor"

/// Measuring two things by turns, so that whatever else the machine does meets both.
module Interleaved =

    let private time (clock: Clock) (act: unit -> unit) : float =
        match clock with
        | Clock.Wall ->
            let watch = Stopwatch.StartNew()
            act ()
            watch.Elapsed.TotalSeconds
        | Clock.Processor ->
            let before = Environment.CpuUsage.TotalTime
            act ()
            (Environment.CpuUsage.TotalTime - before).TotalSeconds

    let private quantile (share: float) (sorted: float[]) : float =
        sorted[int (Math.Round(share * float (sorted.Length - 1)))]

    /// Runs both by turns, in blocks of `iterations`, until `seconds` have passed but at least `least` rounds; each round
    /// gives one ratio. The first blocks, which compile the code, do not count: they take `warmUp` seconds at most.
    let compareAfter
        (warmUp: float)
        (clock: Clock)
        (name: string)
        (target: float option)
        (iterations: int)
        (least: int)
        (seconds: float)
        (ours: unit -> unit)
        (baseline: unit -> unit)
        : Finding =
        let mutable blocks = 0
        let watch = Stopwatch.StartNew()

        while blocks < 2 || blocks * iterations < 500 && watch.Elapsed.TotalSeconds < warmUp do
            ours ()
            baseline ()
            blocks <- blocks + 1

        watch.Restart()
        let rounds = ResizeArray<struct (float * float)>()

        while rounds.Count < least || watch.Elapsed.TotalSeconds < seconds do
            rounds.Add(
                if rounds.Count % 2 = 0 then
                    let first = time clock ours
                    struct (first, time clock baseline)
                else
                    let first = time clock baseline
                    struct (time clock ours, first)
            )

        let sorted (pick: struct (float * float) -> float) =
            rounds |> Seq.map pick |> Seq.sort |> Seq.toArray

        let ratios = sorted (fun struct (ours, baseline) -> ours / baseline)

        let each pick =
            Report.time (TimeSpan.FromSeconds(quantile 0.5 (sorted pick) / float iterations))

        {
            Name = name
            Ours = each (fun struct (ours, _) -> ours)
            Baseline = each (fun struct (_, baseline) -> baseline)
            Ratio = quantile 0.5 ratios
            Spread = Some(quantile 0.25 ratios, quantile 0.75 ratios)
            Target = target
        }

    /// The same, after as long as it takes to compile everything.
    let compare clock name target iterations least seconds ours baseline : Finding =
        compareAfter 5.0 clock name target iterations least seconds ours baseline
