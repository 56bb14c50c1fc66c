namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices

/// A vector as an index knows it: its id, labels and payload. It never changes; to change it, put another one with the same id.
[<Sealed; AllowNullLiteral(false)>]
type IndexItem
    /// <summary>An item with any number of labels.</summary>
    /// <param name="id">Its name: no two items of an index have the same.</param>
    /// <param name="labels">A label for each level, the first of which is level 0; null for none. They are copied.</param>
    /// <param name="payload">What you want to find with it: a path, a text, JSON; null for nothing.</param>
    /// <exception cref="System.ArgumentException">A label is null.</exception>
    (
        id: ItemId,
        [<Optional; DefaultParameterValue(null: IReadOnlyList<string> | null)>] labels: IReadOnlyList<string> | null,
        [<Optional; DefaultParameterValue(null: string | null)>] payload: string | null
    ) =
    let labels: IReadOnlyList<string> =
        match labels with
        | null -> Array.Empty()
        | given -> Array.ofSeq given

    do
        for label in labels do
            if isNull (box label) then
                raise (ArgumentException($"A label of the item {id} is null: leave it out.", nameof labels))

    /// <summary>An item with one label.</summary>
    /// <param name="id">Its name: no two items of an index have the same.</param>
    /// <param name="label">Its class.</param>
    /// <param name="payload">What you want to find with it: a path, a text, JSON; null for nothing.</param>
    new(id: ItemId, label: string, [<Optional; DefaultParameterValue(null: string | null)>] payload: string | null) =
        IndexItem(id, IndexItem.OneLabel label, payload)

    static member private OneLabel(label: string) : IReadOnlyList<string> =
        ArgumentNullException.ThrowIfNull(label, nameof label)
        [| label |]

    /// Its name in the index.
    member _.Id = id

    /// Its labels, one a level.
    member _.Labels = labels

    /// The label of level 0; null if it has none.
    member _.Label: string | null = if labels.Count = 0 then null else labels[0]

    /// The payload that you gave with it.
    member _.Payload = payload

    /// The label of a level; null if it has none.
    member internal _.LabelAt(level: int) : string | null =
        if level < labels.Count then labels[level] else null

/// An item that a search found.
[<Sealed; AllowNullLiteral(false)>]
type FoundItem(item: IndexItem, distance: float) =
    do ArgumentNullException.ThrowIfNull(item, nameof item)

    /// The item.
    member _.Item = item

    /// Its distance from the query by the distance of the index; by a similarity, such as the cosine, how similar they are.
    member _.Distance = distance

    /// The item's name.
    member _.Id = item.Id

    /// The item's label of level 0; null if it has none.
    member _.Label = item.Label

    /// The item's labels, one a level.
    member _.Labels = item.Labels

    /// The payload that was given with it.
    member _.Payload = item.Payload
