namespace MetricLearning

open System
open System.Collections.Generic

/// A dictionary with the documented keys. Derived classes have a property for each well-known key.
[<AbstractClass>]
type Entries<'TValue when 'TValue: not struct and 'TValue: not null>
    internal (entries: KeyValuePair<string, 'TValue> seq) =
    inherit Dictionary<string, 'TValue>(Arguments.given (nameof entries) entries, StringComparer.Ordinal)

    /// The entry under a key; null where there is none.
    member internal this.Find(key: string) : 'TValue | null =
        match this.TryGetValue key with
        | true, value -> value
        | _ -> null

    /// Sets the entry under a key; null removes it.
    member internal this.Put(key: string, value: 'TValue | null) : unit =
        match value with
        | null -> this.Remove key |> ignore
        | value -> this[key] <- value

    /// The entries that have a value, in the order in which they were added.
    member internal this.Present: (string * 'TValue) list =
        [
            for KeyValue(key, value) in this do
                if not (isNull (box value)) then
                    key, value
        ]

    /// Entries from pairs of key and value.
    static member internal OfPairs(entries: (string * 'TValue) seq) : KeyValuePair<string, 'TValue> seq =
        Arguments.noneNull (nameof entries) entries
        |> Seq.map (fun (key, value) -> KeyValuePair(key, value))
