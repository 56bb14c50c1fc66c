namespace MetricLearning

open System.Collections.Generic
open TorchSharp

/// The reducer that a loss works with, and what it makes of the loss's parts.
module internal WorkingReducer =

    /// The given one if it takes all parts, else a copy, or one copy for each part.
    let make (given: Reducer) (parts: string[]) (isRegularized: bool) : Reducer =
        if given.TakesAllParts then
            given
        elif parts.Length = 1 && not isRegularized then
            given.Copy()
        else
            let copies = Dictionary<string, Reducer>()

            for part in parts do
                copies[part] <- given.Copy()

            MultipleReducers(copies, given.Copy())

    /// True if the reducer, or that of each part, is one of these.
    let areAll (isOne: Reducer -> bool) (reducer: Reducer) : bool =
        if reducer.ByPart.Count = 0 then
            isOne reducer
        else
            Seq.forall isOne reducer.ByPart.Values

    /// An ArgumentException if a reducer that weighs classes is given rows of labels, which are no class.
    let checkLabels (comparison: LabelComparison) (reducer: Reducer) : unit =
        let weighsClasses (one: Reducer) = one :? ClassWeightedReducer

        if
            comparison.ReadsRows
            && (weighsClasses reducer || Seq.exists weighsClasses reducer.ByPart.Values)
        then
            invalidArg
                "reducer"
                $"ClassWeightedReducer weighs each sample by its one class, but LabelComparison.{comparison.Name} reads rows of labels: give another reducer, for example MeanReducer."

    /// The loss, not finite if any of the rows that were compared is not.
    let visible (input: MetricInput) (reduced: torch.Tensor) : torch.Tensor =
        let loss = Numeric.propagateNonFinite input.Embeddings reduced

        match input.References with
        | null -> loss
        | given -> Numeric.propagateNonFinite given loss
