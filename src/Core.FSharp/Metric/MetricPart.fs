namespace MetricLearning

open System
open System.Collections.Generic

/// A distance, reducer, regularizer or miner: its name, and statistics of its last call.
[<AbstractClass>]
type MetricPart internal (name: string, statisticNames: string[]) =
    do ArgumentNullException.ThrowIfNull(name, nameof name)

    let mutable inUse = InUse name
    let mutable statistics = Statistics statisticNames

    /// The name of its class, as records and messages use it.
    member _.Name = name

    /// Collects statistics of every call in `Stats`. By default as `Statistics.CollectByDefault` is when the part is made;
    /// set it where the part is made.
    member this.CollectStats
        with get () = statistics.Collecting
        and set (value: bool) =
            inUse.Refuse(nameof this.CollectStats)
            statistics.Collecting <- value

    /// Statistics of the last call by their documented names; empty unless they are collected.
    member _.Stats: IReadOnlyDictionary<string, double> = statistics.Values

    /// Records statistics: for the code of a part.
    member _.Statistics = statistics

    /// Refuses a property that is set when the part is already in use.
    member internal _.RefuseInUse(property: string) : unit = inUse.Refuse property

    /// Begins a call: properties are fixed from now on, statistics are reset.
    member internal _.BeginCall() : unit =
        inUse.Start()
        statistics.Reset()

    /// The same part with statistics of its own.
    member internal this.WithOwnStatistics() : MetricPart =
        inUse.Start()
        let copy = this.MemberwiseClone() :?> MetricPart
        copy.Renew()
        copy

    member private _.Renew() : unit =
        let collecting = statistics.Collecting
        inUse <- InUse name
        statistics <- Statistics(Nullable collecting, statisticNames)
