namespace MetricLearning

open System
open TorchSharp

/// A cost of the embeddings, or of a loss's class weights, themselves. A regularizer of your own gives `ComputeLoss`.
[<AbstractClass>]
type Regularizer
    /// <param name="name">Name of the regularizer's class.</param>
    /// <param name="distance">The distance, unless another one is set.</param>
    /// <param name="reducer">The reducer, unless another one is set.</param>
    /// <param name="statisticNames">Names of the statistics that it records.</param>
    (name: string, distance: Distance, reducer: Reducer, [<ParamArray>] statisticNames: string[]) =
    inherit MetricPart(name, statisticNames)

    do
        ArgumentNullException.ThrowIfNull(distance, nameof distance)
        ArgumentNullException.ThrowIfNull(reducer, nameof reducer)

    let mutable distance = distance
    let mutable reducer = reducer

    /// The Euclidean distance of normalised rows, the mean.
    new(name: string, [<ParamArray>] statisticNames: string[]) =
        Regularizer(name, LpDistance(), MeanReducer(), statisticNames)

    /// Measures the rows. Set where the regularizer is made.
    member this.Distance
        with get () = distance
        and set (value: Distance) =
            this.RefuseInUse(nameof this.Distance)
            ArgumentNullException.ThrowIfNull(value, nameof this.Distance)
            this.CheckDistance value
            distance <- value

    /// Reduces one value per row to a scalar. Set where the regularizer is made, which takes a copy with statistics of its
    /// own.
    member this.Reducer
        with get () = reducer
        and set (value: Reducer) =
            this.RefuseInUse(nameof this.Reducer)
            ArgumentNullException.ThrowIfNull(value, nameof this.Reducer)
            reducer <- value.Copy()

    /// Refuses a distance that the regularizer cannot work with, by an ArgumentException.
    abstract CheckDistance: distance: Distance -> unit

    default _.CheckDistance _ = ()

    /// One value per row of a matrix (M × D): see `ElementsOf.Rows`.
    abstract ComputeLoss: rows: torch.Tensor -> LossElements

    /// The scalar cost of a matrix (M × D), one row per sample or class.
    member this.Compute(rows: torch.Tensor) : torch.Tensor =
        InputChecks.matrix (nameof rows) rows
        // Rows are their own classes, as class weights are.
        let labels = Numeric.upTo (rows.size 0) rows.device

        this.BeginCall()

        let elements =
            Arguments.returned $"ComputeLoss of {this.Name}" (this.ComputeLoss rows)

        reducer.Reduce([| elements |], rows, labels)
