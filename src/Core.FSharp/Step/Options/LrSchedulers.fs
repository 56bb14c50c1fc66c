namespace MetricLearning

open System.Collections.Generic

/// Learning-rate schedules, TorchSharp's or this library's: `NAME_scheduler_by_iteration`, `NAME_scheduler_by_epoch`,
/// `NAME_scheduler_by_plateau`; `all` stands for every optimizer that has none of its own.
[<Sealed>]
type LrSchedulers(entries: KeyValuePair<string, AnySchedule> seq) =
    inherit Entries<AnySchedule>(entries)

    /// No entries yet.
    new() = LrSchedulers(Seq.empty<KeyValuePair<string, AnySchedule>>)

    /// The entries of pairs of key and value.
    static member Of(entries: (string * AnySchedule) seq) : LrSchedulers =
        LrSchedulers(Entries<AnySchedule>.OfPairs entries)

    /// The schedule of every optimizer that has none of its own, and moves after every iteration (key
    /// `all_scheduler_by_iteration`): a `Schedule`, not one of TorchSharp's; null where there is none.
    member this.AllByIteration
        with get (): AnySchedule | null = this.Find "all_scheduler_by_iteration"
        and set (value: AnySchedule | null) = this.Put("all_scheduler_by_iteration", value)

    /// The schedule of every optimizer that has none of its own, and moves after every epoch (key `all_scheduler_by_epoch`): a
    /// `Schedule`, not one of TorchSharp's; null where there is none.
    member this.AllByEpoch
        with get (): AnySchedule | null = this.Find "all_scheduler_by_epoch"
        and set (value: AnySchedule | null) = this.Put("all_scheduler_by_epoch", value)

    /// The schedule of every optimizer that has none of its own, and moves by validation scores (key
    /// `all_scheduler_by_plateau`): a `Schedule`, not one of TorchSharp's; null where there is none.
    member this.AllByPlateau
        with get (): AnySchedule | null = this.Find "all_scheduler_by_plateau"
        and set (value: AnySchedule | null) = this.Put("all_scheduler_by_plateau", value)

    /// The schedule of the trunk that moves after every iteration (key `trunk_scheduler_by_iteration`); null where there is
    /// none.
    member this.TrunkByIteration
        with get (): AnySchedule | null = this.Find "trunk_scheduler_by_iteration"
        and set (value: AnySchedule | null) = this.Put("trunk_scheduler_by_iteration", value)

    /// The schedule of the trunk that moves after every epoch (key `trunk_scheduler_by_epoch`); null where there is
    /// none.
    member this.TrunkByEpoch
        with get (): AnySchedule | null = this.Find "trunk_scheduler_by_epoch"
        and set (value: AnySchedule | null) = this.Put("trunk_scheduler_by_epoch", value)

    /// The schedule of the trunk that moves by validation scores (key `trunk_scheduler_by_plateau`); null where there is
    /// none.
    member this.TrunkByPlateau
        with get (): AnySchedule | null = this.Find "trunk_scheduler_by_plateau"
        and set (value: AnySchedule | null) = this.Put("trunk_scheduler_by_plateau", value)

    /// The schedule of the embedder that moves after every iteration (key `embedder_scheduler_by_iteration`); null where there is
    /// none.
    member this.EmbedderByIteration
        with get (): AnySchedule | null = this.Find "embedder_scheduler_by_iteration"
        and set (value: AnySchedule | null) = this.Put("embedder_scheduler_by_iteration", value)

    /// The schedule of the embedder that moves after every epoch (key `embedder_scheduler_by_epoch`); null where there is
    /// none.
    member this.EmbedderByEpoch
        with get (): AnySchedule | null = this.Find "embedder_scheduler_by_epoch"
        and set (value: AnySchedule | null) = this.Put("embedder_scheduler_by_epoch", value)

    /// The schedule of the embedder that moves by validation scores (key `embedder_scheduler_by_plateau`); null where there is
    /// none.
    member this.EmbedderByPlateau
        with get (): AnySchedule | null = this.Find "embedder_scheduler_by_plateau"
        and set (value: AnySchedule | null) = this.Put("embedder_scheduler_by_plateau", value)
