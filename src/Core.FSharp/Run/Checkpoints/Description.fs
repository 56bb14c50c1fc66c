namespace MetricLearning.Core

open System
open System.IO
open System.Text
open System.Text.Json
open MetricLearning

/// The parts of a run by name: enough to report how another one differs.
type internal Description =
    {
        /// The trainer's name.
        Trainer: string
        /// Keys of networks.
        Networks: string list
        /// Keys of loss functions.
        Losses: string list
        /// The kind of each parameter group of each optimizer, by key.
        Optimizers: Map<string, string list>
        /// The labels of classes; None in a file of a version that did not write them.
        Classes: ClassNames option
        /// The kind of the average of weights; None where there is none.
        Averaging: string option
    }

/// Describing runs.
module internal Description =

    /// The rules of an optimizer's groups.
    /// InvalidOperationException for one that no rule describes, which keeps its slots to itself.
    let rules (key: string) (handle: OptimizerHandle) : Rule[] =
        match handle with
        | OptimizerHandle.Value optimizer -> [| for struct (rule, _) in optimizer.Groups -> rule |]
        | OptimizerHandle.Mirrored optimizer -> TorchOptimizers.rules optimizer
        | OptimizerHandle.Opaque optimizer ->
            invalidOp
                $"The optimizer \"{key}\" ({optimizer.GetType().Name}) keeps its slots to itself, so a checkpoint would lose them. Use an optimizer that this library knows ({TorchOptimizers.known}), or save the weights alone."

    /// The description of a run; it averages weights where its options say so.
    let ofRun (recipe: Recipe) (handles: Handles) : Description =
        {
            Trainer = recipe.Schema.Trainer
            Networks = handles.RunKeys.Networks
            Losses = handles.RunKeys.Losses
            Optimizers =
                Map.ofList
                    [
                        for key, handle in handles.Optimizers -> key, [ for rule in rules key handle -> rule.Name ]
                    ]
            Classes = Some(ClassNames.ofLabels handles.Loader.Source.ClassLabels)
            Averaging = handles.Averaging |> Option.map _.Kind
        }

    let private writeNames (json: Utf8JsonWriter) (name: string) (names: string list) =
        json.WriteStartArray name
        names |> List.iter json.WriteStringValue
        json.WriteEndArray()

    let private writeClasses (json: Utf8JsonWriter) (classes: ClassNames) =
        json.WriteStartObject "classes"
        json.WriteNumber("count", classes.Count)
        writeNames json "first" classes.First
        json.WriteString("sha256", classes.Digest)
        json.WriteEndObject()

    /// As JSON.
    let write (description: Description) : string =
        use memory = new MemoryStream()

        do
            use json = new Utf8JsonWriter(memory)
            json.WriteStartObject()
            json.WriteString("trainer", description.Trainer)
            writeNames json "networks" description.Networks
            writeNames json "losses" description.Losses
            json.WriteStartObject "optimizers"

            for KeyValue(key, kinds) in description.Optimizers do
                writeNames json key kinds

            json.WriteEndObject()
            Option.iter (writeClasses json) description.Classes

            description.Averaging
            |> Option.iter (fun kind -> json.WriteString("averaging", kind))

            json.WriteEndObject()

        Encoding.UTF8.GetString(memory.ToArray())

    let private names (json: JsonElement) : string list =
        [ for item in json.EnumerateArray() -> nonNull (item.GetString()) ]

    let private readClasses (json: JsonElement) : ClassNames =
        {
            Count = json.GetProperty("count").GetInt32()
            First = names (json.GetProperty "first")
            Digest = nonNull (json.GetProperty("sha256").GetString())
        }

    /// Reads what `write` wrote. InvalidDataException when it is something else.
    let read (written: string) : Description =
        try
            use parsed = JsonDocument.Parse written
            let part (name: string) = parsed.RootElement.GetProperty name

            {
                Trainer = nonNull ((part "trainer").GetString())
                Networks = names (part "networks")
                Losses = names (part "losses")
                Optimizers =
                    Map.ofList
                        [
                            for property in (part "optimizers").EnumerateObject() -> property.Name, names property.Value
                        ]
                Classes =
                    match parsed.RootElement.TryGetProperty "classes" with
                    | true, classes -> Some(readClasses classes)
                    | _ -> None
                Averaging =
                    match parsed.RootElement.TryGetProperty "averaging" with
                    | true, kind -> Some(nonNull (kind.GetString()))
                    | _ -> None
            }
        with
        | :? JsonException
        | :? Collections.Generic.KeyNotFoundException
        | :? InvalidOperationException
        | :? FormatException
        | :? NullReferenceException as error ->
            raise (InvalidDataException($"its description cannot be read ({error.Message})", error))
