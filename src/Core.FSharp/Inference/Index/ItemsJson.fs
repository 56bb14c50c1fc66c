namespace MetricLearning

open System
open System.IO
open System.Text.Json

/// Items as JSON: an array of objects with "id", and "labels" and "payload" where there are some.
module internal ItemsJson =

    /// The items as UTF-8.
    let write (items: IndexItem[]) : byte[] =
        use memory = new MemoryStream()

        do
            use json = new Utf8JsonWriter(memory)
            json.WriteStartArray()

            for item in items do
                json.WriteStartObject()

                if item.Id.IsNumber then
                    json.WriteNumber("id", item.Id.Number)
                else
                    json.WriteString("id", item.Id.ToString())

                if item.Labels.Count > 0 then
                    json.WriteStartArray "labels"

                    for label in item.Labels do
                        json.WriteStringValue label

                    json.WriteEndArray()

                match item.Payload with
                | null -> ()
                | payload -> json.WriteString("payload", payload)

                json.WriteEndObject()

            json.WriteEndArray()

        memory.ToArray()

    let private refuse (reason: string) : 'T =
        raise (InvalidDataException $"has a table of items that cannot be read: {reason}.")

    let private text (element: JsonElement) : string =
        if element.ValueKind <> JsonValueKind.String then
            refuse $"{element.ValueKind} where a string belongs"

        nonNull (element.GetString())

    let private idOf (element: JsonElement) : ItemId =
        match element.ValueKind with
        | JsonValueKind.Number ->
            match element.TryGetInt64() with
            | true, number -> ItemId.op_Implicit number
            | _ -> refuse $"the id {element} is no whole number"
        | _ ->
            match text element with
            | "" -> refuse "an id is empty"
            | word -> ItemId.op_Implicit word

    let private itemOf (element: JsonElement) : IndexItem =
        if element.ValueKind <> JsonValueKind.Object then
            refuse $"{element.ValueKind} where an item belongs"

        let part (name: string) =
            match element.TryGetProperty name with
            | true, found -> ValueSome found
            | _ -> ValueNone

        let labels =
            match part "labels" with
            | ValueNone -> [||]
            | ValueSome several when several.ValueKind = JsonValueKind.Array ->
                [| for label in several.EnumerateArray() -> text label |]
            | ValueSome other -> refuse $"{other.ValueKind} where labels belong"

        match part "id", part "payload" with
        | ValueNone, _ -> refuse "an item has no id"
        | ValueSome id, ValueNone -> IndexItem(idOf id, labels)
        | ValueSome id, ValueSome payload -> IndexItem(idOf id, labels, text payload)

    /// InvalidDataException, saying what is wrong, when it is not what `write` makes.
    let read (bytes: byte[]) : IndexItem[] =
        try
            use document = JsonDocument.Parse(ReadOnlyMemory bytes)

            if document.RootElement.ValueKind <> JsonValueKind.Array then
                refuse "it is no list"

            let items =
                [| for element in document.RootElement.EnumerateArray() -> itemOf element |]

            if (items |> Array.distinctBy _.Id).Length <> items.Length then
                refuse "an id is there twice"

            items
        with
        | :? JsonException as error -> refuse error.Message
        // A string that is no Unicode.
        | :? InvalidOperationException as error -> refuse error.Message
