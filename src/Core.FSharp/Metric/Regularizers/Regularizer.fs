namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// A cost of the embeddings, or of a loss's class weights, themselves. A regularizer of your own gives `ComputeLoss`.
[<AbstractClass>]
type Regularizer
    (
        reducer: Reducer | null,
        distance: Distance | null,
        defaultDistance: Distance,
        collectStats: Nullable<bool>,
        statisticNames: string[]
    ) =
    let statistics = Statistics(collectStats, statisticNames)

    let reducer =
        match reducer with
        | null -> Reducers.Mean.reducer ()
        | given -> given.Copy()

    let distance =
        match distance with
        | null -> defaultDistance
        | given -> given

    /// The mean, Euclidean distance on normalised rows.
    new() = Regularizer(null, null, Distances.Lp.distance Distances.Lp.defaults, Nullable(), [||])

    /// A copy of the reducer given, with statistics of its own.
    member _.Reducer = reducer

    /// What rows are measured with.
    member _.Distance = distance

    /// Numbers about the last call, if they are collected.
    member _.Stats = statistics.Values

    /// Where a regularizer records them.
    member _.Statistics = statistics

    /// One value a row of a matrix (M × D): see `ElementsOf.Rows`.
    abstract ComputeLoss: rows: torch.Tensor -> LossElements

    /// The scalar cost of a matrix (M × D), one row a sample or class.
    member this.Compute(rows: torch.Tensor) : torch.Tensor =
        // Rows are their own classes, as class weights are.
        let labels =
            torch.arange (rows.size 0, dtype = torch.ScalarType.Int64, device = rows.device)

        statistics.Reset()
        reducer.Reduce([| this.ComputeLoss rows |], rows, labels)
