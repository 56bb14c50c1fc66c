namespace MetricLearning

/// The neighbours of a query that a metric considers.
[<NoComparison; RequireQualifiedAccess>]
type Neighbourhood =
    internal
    | All
    | WithinR
    | First of int64

    /// All neighbours that the calculator's k gives.
    static member Given: Neighbourhood = Neighbourhood.All

    /// Those that the calculator's k gives, up to rank R, the number of references that could match.
    static member UpToR: Neighbourhood = Neighbourhood.WithinR

    /// The given number, whatever the calculator's k.
    static member Exactly(count: int64) : Neighbourhood =
        Ranges.atLeast 1L (nameof count) count
        Neighbourhood.First count
