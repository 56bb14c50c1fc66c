namespace MetricLearning

open System.Collections.Generic

/// A network, loss or miner of your own with numbers to record: they are read after the iterations that are recorded.
type IRecordable =
    /// Numbers by the name of their series, as they are now.
    abstract Recordables: IReadOnlyDictionary<string, double>
