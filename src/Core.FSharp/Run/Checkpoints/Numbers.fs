namespace MetricLearning.Core

open System
open System.Globalization
open System.Text.Json
open MetricLearning

/// Numbers in JSON that come back as they were, bit for bit.
module internal Numbers =

    /// A finite number as the shortest one that is read as the same; JSON has no others, so those are text.
    let writeFloat (json: Utf8JsonWriter) (value: float) : unit =
        if Double.IsFinite value then
            json.WriteNumberValue value
        else
            // The bits say which NaN.
            json.WriteStringValue(BitConverter.DoubleToUInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture))

    /// A number that `writeFloat` wrote. FormatException or InvalidOperationException for anything else.
    let readFloat (json: JsonElement) : float =
        match json.ValueKind with
        | JsonValueKind.String ->
            UInt64.Parse(nonNull (json.GetString()), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            |> BitConverter.UInt64BitsToDouble
        | _ -> json.GetDouble()
