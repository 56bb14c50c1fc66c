namespace MetricLearning

open System
open TorchSharp

/// The settings of a loss, set where it is made.
[<AbstractClass>]
type LossSettings internal (name: string, distance: Distance | null, reducer: Reducer | null) =
    inherit LossTraits(name)

    let inUse = InUse name

    let mutable distance: Distance =
        match distance with
        | null -> LpDistance()
        | given -> given

    let mutable given: Reducer =
        match reducer with
        | null -> MeanReducer()
        | given -> given

    let mutable comparison = LabelComparison.Equal

    // Made at first use, because it depends on members that subclasses override.
    let mutable working: Reducer | null = null
    let mutable embeddingRegularizer: Regularizer | null = null
    let mutable embeddingRegWeight = 1.0
    let mutable statistics = Statistics(Nullable(), [| "loss" |])
    let mutable maxMemory = 1L <<< 30

    /// The name of its class, as records and messages use it.
    member _.Name = name

    /// Compares embeddings. The default is the loss's own; a distance that it cannot use is an ArgumentException.
    member this.Distance
        with get (): Distance = distance
        and set (value: Distance) =
            inUse.Refuse "Distance"
            ArgumentNullException.ThrowIfNull(value, "Distance")
            this.CheckDistance value
            distance <- value

    /// Reduces values to a scalar. The loss works with a copy of the one that is set, or with a MultipleReducers of one
    /// copy for each part if it has several: this property is what it works with, so one reducer can be given to many
    /// losses, and statistics are read here.
    member this.Reducer
        with get (): Reducer =
            match working with
            | null ->
                let made = WorkingReducer.make given this.Parts this.IsRegularized
                working <- made
                made
            | made -> made
        and set (value: Reducer) =
            inUse.Refuse "Reducer"
            ArgumentNullException.ThrowIfNull(value, "Reducer")
            WorkingReducer.checkLabels this.LabelComparison value
            given <- value
            working <- null

    /// The comparison of a loss that is made of others; null: its own.
    member val internal ComparisonOfParts: (unit -> LabelComparison) | null = null with get, set

    /// Says which samples match by their labels: by default those with the same label. A loss that cannot use a comparison refuses it by
    /// an ArgumentException; one that is made of other losses compares as they do.
    member this.LabelComparison
        with get (): LabelComparison =
            match this.ComparisonOfParts with
            | null -> comparison
            | ofParts -> ofParts ()
        and set (value: LabelComparison) =
            inUse.Refuse(nameof this.LabelComparison)
            ArgumentNullException.ThrowIfNull(value, nameof this.LabelComparison)
            this.CheckLabelComparison value
            WorkingReducer.checkLabels value given
            comparison <- value

    /// A cost of the embeddings as they come from the network, which is added to the loss; null: none.
    member _.EmbeddingRegularizer
        with get (): Regularizer | null = embeddingRegularizer
        and set (value: Regularizer | null) =
            inUse.Refuse "EmbeddingRegularizer"
            embeddingRegularizer <- value
            working <- null

    /// The weight of the embeddings' cost; by default 1.
    member _.EmbeddingRegWeight
        with get (): float = embeddingRegWeight
        and set (value: float) =
            inUse.Refuse "EmbeddingRegWeight"
            embeddingRegWeight <- value

    /// About how many bytes the loss may take besides the embeddings, what it learns, and their gradients: by default 1 GiB.
    /// A loss whose `AnchorsAreIndependent` is true and that would take more is computed some anchors at a time, each tile
    /// forward and backward, with the same value and gradients but for rounding; it has no gradient of gradients then.
    /// Losses inside this one have their own.
    member this.MaxMemory
        with get (): int64 = maxMemory
        and set (value: int64) =
            inUse.Refuse(nameof this.MaxMemory)
            Ranges.atLeast 1L (nameof this.MaxMemory) value
            maxMemory <- value

    /// Collects statistics of every call in `Stats`. By default as `Statistics.CollectByDefault` is when the loss is made;
    /// set it where the loss is made.
    member _.CollectStats
        with get (): bool = statistics.Collecting
        and set (value: bool) =
            inUse.Refuse "CollectStats"
            statistics <- Statistics(Nullable value, [| "loss" |])

    /// `loss`: the scalar of the last call, if statistics are collected.
    member _.Stats = statistics.Values

    /// Refuses a property that is set when the loss is already in use: for the properties of a loss of your own.
    member _.RefuseInUse(property: string) : unit =
        ArgumentNullException.ThrowIfNull(property, nameof property)
        inUse.Refuse property

    /// The working reducer is made anew: parts or costs of the loss have changed.
    member internal _.RenewReducer() : unit = working <- null

    /// An ArgumentException if the loss cannot use a distance. By default it can use any.
    abstract CheckDistance: distance: Distance -> unit

    default _.CheckDistance _ = ()

    /// An ArgumentException if the loss cannot use a comparison of labels, as one that has a vector for each class. By default it can use
    /// any, unless it takes no labels.
    abstract CheckLabelComparison: comparison: LabelComparison -> unit

    default this.CheckLabelComparison comparison =
        if not (this.TakesLabels || comparison.IsEquality) then
            invalidArg (nameof comparison) $"{name} takes no labels to compare: leave LabelComparison out."

    /// True if `Regularization` adds a part.
    abstract IsRegularized: bool

    default _.IsRegularized = not (isNull embeddingRegularizer)

    /// Begins a call: what was set is fixed from now on.
    member internal _.BeginCall() : unit = inUse.Start()

    /// The recorder of its statistics.
    member internal _.Statistics: Statistics = statistics
