namespace MetricLearning

open System
open System.Collections
open System.Collections.Generic

/// The results of a split: accuracies by `<metric>_level<level>`, with several levels also `AVERAGE_<metric>`,
/// and losses by their names.
[<Sealed>]
type SplitResults(epoch: int, values: IReadOnlyDictionary<string, Accuracy>) =

    do
        ArgumentNullException.ThrowIfNull(values, nameof values)
        Arguments.noneNull (nameof values) values.Values |> ignore

    /// The epoch that was evaluated.
    member _.Epoch = epoch

    /// The names of the results.
    member _.Keys = values.Keys

    /// The results.
    member _.Values = values.Values

    /// The number of results.
    member _.Count = values.Count

    /// The result of a name. KeyNotFoundException if there is none.
    member _.Item
        with get (key: string): Accuracy =
            match values.TryGetValue key with
            | true, found -> found
            | _ ->
                let known = String.Join(", ", values.Keys)
                raise (KeyNotFoundException $"There is no metric \"{key}\" among the results; there are {known}.")

    /// True if there is a result of a name.
    member _.ContainsKey(key: string) = values.ContainsKey key

    /// The result of a name, if there is one.
    member _.TryGetValue(key: string, value: byref<Accuracy>) = values.TryGetValue(key, &value)

    interface IReadOnlyDictionary<string, Accuracy> with
        member this.Keys = this.Keys
        member this.Values = this.Values
        member this.Count = this.Count

        member this.Item
            with get key = this[key]

        member this.ContainsKey key = this.ContainsKey key
        member _.TryGetValue(key, value) = values.TryGetValue(key, &value)
        member _.GetEnumerator() : IEnumerator<KeyValuePair<string, Accuracy>> = values.GetEnumerator()
        member _.GetEnumerator() : IEnumerator = (values :> IEnumerable).GetEnumerator()
