namespace MetricLearning.Core

open System
open System.Collections.Generic
open System.IO
open System.Text
open System.Text.Json
open MetricLearning

/// Progress as JSON, but for the place in the data, which may be long and is written as a tensor.
module internal WrittenProgress =

    let private dueNames =
        [
            for moves in Keys.moves do
                Pending.Schedules moves, (Keys.schedulerOf "" moves).TrimStart('_')
            Pending.EpochEnd, "end_of_epoch"
        ]

    let private stopNames =
        [
            StopReason.Finished, "finished"
            StopReason.Hook, "hook"
            StopReason.Cancelled, "cancelled"
        ]

    let private nameIn (names: ('Case * string) list) (case: 'Case) : string =
        names |> List.find (fst >> (=) case) |> snd

    let private caseIn (names: ('Case * string) list) (json: JsonElement) : 'Case =
        match names |> List.tryFind (snd >> (=) (nonNull (json.GetString()))) with
        | Some(case, _) -> case
        | None -> raise (FormatException $"\"{json.GetString()}\" is none of {List.map snd names}")

    let private writeMap (json: Utf8JsonWriter) (name: string) (write: 'Value -> unit) (map: Map<string, 'Value>) =
        json.WriteStartObject name

        for KeyValue(key, value) in map do
            json.WritePropertyName key
            write value

        json.WriteEndObject()

    let private writeFloats (json: Utf8JsonWriter) (values: float seq) =
        json.WriteStartArray()
        Seq.iter (Numbers.writeFloat json) values
        json.WriteEndArray()

    let private writeSchedule (json: Utf8JsonWriter) (state: ScheduleState) =
        json.WriteStartObject()
        json.WriteNumber("count", state.Count)
        json.WritePropertyName "best"
        Numbers.writeFloat json state.Best
        json.WriteNumber("bad_count", state.BadCount)
        json.WriteNumber("cooldown_left", state.CooldownLeft)
        json.WriteEndObject()

    let private writeTorchSchedule (json: Utf8JsonWriter) (state: TorchScheduleState) =
        json.WriteStartObject()
        json.WriteNumber("count", state.Count)
        json.WritePropertyName "scores"
        writeFloats json state.Scores
        json.WriteEndObject()

    let private writeScale (json: Utf8JsonWriter) (scale: LossScale) =
        json.WriteStartObject "loss_scale"
        json.WritePropertyName "factor"
        Numbers.writeFloat json scale.Factor
        json.WriteNumber("good_steps", scale.GoodSteps)
        json.WriteEndObject()

    /// Everything but the cursor.
    let write (progress: Progress) : string =
        use memory = new MemoryStream()

        do
            use json = new Utf8JsonWriter(memory)
            json.WriteStartObject()
            json.WriteNumber("seed", progress.Seed.Value)
            json.WriteNumber("epoch", progress.Epoch)
            json.WriteNumber("iteration", progress.Iteration)

            match progress.IterationsPerEpoch with
            | Some iterations -> json.WriteNumber("iterations_per_epoch", iterations)
            | None -> json.WriteNull "iterations_per_epoch"

            json.WriteBoolean("epoch_is_over", progress.EpochIsOver)
            json.WriteStartArray "due"

            for due in progress.Pending do
                json.WriteStringValue(nameIn dueNames due)

            json.WriteEndArray()
            json.WriteNumber("steps", progress.Steps)
            json.WriteNumber("skipped_steps", progress.SkippedSteps)
            progress.LossScale |> Option.iter (writeScale json)
            writeMap json "loss_weights" (Numbers.writeFloat json) progress.LossWeights
            writeMap json "losses" (Numbers.writeFloat json) progress.Losses
            writeMap json "epoch_sums" (Numbers.writeFloat json) progress.EpochSums
            writeMap json "rates" (writeFloats json) progress.Rates
            writeMap json "schedules" (writeSchedule json) progress.Schedules
            writeMap json "torch_schedules" (writeTorchSchedule json) progress.TorchSchedules

            match progress.Stopped with
            | Some stop -> json.WriteString("stopped", nameIn stopNames stop)
            | None -> json.WriteNull "stopped"

            json.WriteEndObject()

        Encoding.UTF8.GetString(memory.ToArray())

    let private items (read: JsonElement -> 'Item) (json: JsonElement) : 'Item list =
        [ for item in json.EnumerateArray() -> read item ]

    let private map (read: JsonElement -> 'Value) (json: JsonElement) : Map<string, 'Value> =
        Map.ofList [ for property in json.EnumerateObject() -> property.Name, read property.Value ]

    let private orNone (read: JsonElement -> 'Value) (json: JsonElement) : 'Value option =
        if json.ValueKind = JsonValueKind.Null then
            None
        else
            Some(read json)

    let private readSchedule (json: JsonElement) : ScheduleState =
        {
            Count = json.GetProperty("count").GetInt64()
            Best = Numbers.readFloat (json.GetProperty "best")
            BadCount = json.GetProperty("bad_count").GetInt64()
            CooldownLeft = json.GetProperty("cooldown_left").GetInt64()
        }

    let private readTorchSchedule (json: JsonElement) : TorchScheduleState =
        {
            Count = json.GetProperty("count").GetInt32()
            Scores = items Numbers.readFloat (json.GetProperty "scores")
        }

    let private readScale (json: JsonElement) : LossScale =
        let factor = Numbers.readFloat (json.GetProperty "factor")

        if not (factor >= LossScale.Least && factor <= LossScale.Most) then
            raise (FormatException $"a loss scale of {factor}")

        {
            Factor = factor
            GoodSteps = json.GetProperty("good_steps").GetInt32()
        }

    /// Reads what `write` wrote, with the cursor's numbers beside it.
    /// InvalidDataException when it is something else.
    let read (written: string) (cursor: int64[]) : Progress =
        try
            use parsed = JsonDocument.Parse written
            let part (name: string) = parsed.RootElement.GetProperty name

            // What earlier versions did not write.
            let later (name: string) (read: JsonElement -> 'Value) : 'Value option =
                match parsed.RootElement.TryGetProperty name with
                | true, json -> Some(read json)
                | _ -> None

            {
                Seed = { Value = (part "seed").GetUInt64() }
                Epoch = (part "epoch").GetInt32()
                Iteration = (part "iteration").GetInt32()
                IterationsPerEpoch = part "iterations_per_epoch" |> orNone _.GetInt32()
                EpochIsOver = (part "epoch_is_over").GetBoolean()
                Pending = items (caseIn dueNames) (part "due")
                Steps = (part "steps").GetInt64()
                SkippedSteps = later "skipped_steps" _.GetInt64() |> Option.defaultValue 0L
                LossScale = later "loss_scale" readScale
                Cursor = Cursor.ofNumbers cursor
                LossWeights = map Numbers.readFloat (part "loss_weights")
                Losses = map Numbers.readFloat (part "losses")
                EpochSums = map Numbers.readFloat (part "epoch_sums")
                Rates = map (items Numbers.readFloat >> Array.ofList) (part "rates")
                Schedules = map readSchedule (part "schedules")
                TorchSchedules = map readTorchSchedule (part "torch_schedules")
                Stopped = part "stopped" |> orNone (caseIn stopNames)
            }
        with
        | :? JsonException
        | :? KeyNotFoundException
        | :? InvalidOperationException
        | :? FormatException
        | :? OverflowException
        | :? ArgumentException
        | :? NullReferenceException as error ->
            raise (InvalidDataException($"its progress cannot be read ({error.Message})", error))
