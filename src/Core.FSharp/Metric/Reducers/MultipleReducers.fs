namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices

/// Reduces each part of a loss by a reducer of its own and adds the results.
[<Sealed>]
type MultipleReducers
    /// <param name="reducers">Reducers by the name of the part: `pos_loss`, `neg_loss`, …</param>
    /// <param name="defaultReducer">Reduces the parts that have none; null: the mean.</param>
    (
        reducers: IReadOnlyDictionary<string, Reducer>,
        [<Optional; DefaultParameterValue(null: Reducer | null)>] defaultReducer: Reducer | null
    ) =
    inherit Reducer("MultipleReducers")

    do
        ArgumentNullException.ThrowIfNull(reducers, nameof reducers)
        Arguments.noneNull (nameof reducers) reducers.Values |> ignore

    let others =
        match defaultReducer with
        | null -> MeanReducer() :> Reducer
        | given -> given

    let reducerOf (part: LossElements) : Reducer =
        match reducers.TryGetValue part.Name with
        | true, reducer -> reducer
        | _ -> others

    override _.TakesAllParts = true

    override _.IsSumOverCount =
        others.IsSumOverCount && reducers.Values |> Seq.forall _.IsSumOverCount

    override _.ByPart = reducers

    override this.ReduceElements(elements, embeddings, labels) =
        this.Reduce([| elements |], embeddings, labels)

    override _.Reduce(elements, embeddings, labels) =
        Arguments.noneNull (nameof elements) elements |> ignore

        if elements.Count = 0 then
            Reducer.Zero embeddings
        else
            elements
            |> Seq.map (fun part -> reducerOf(part).ReduceOne(part, embeddings, labels))
            |> Seq.reduce (fun sum part -> sum .+. part)
