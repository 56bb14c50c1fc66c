namespace MetricLearning

open System
open System.Collections.Generic
open System.IO
open System.Text.Json
open TorchSharp

/// A tensor in a safetensors file.
[<NoComparison>]
type SafetensorsEntry =
    {
        /// Its name.
        Name: string
        /// The type of its elements.
        Dtype: torch.ScalarType
        /// Its shape; empty for a scalar.
        Shape: int64[]
        /// The place of its first byte, counted from the end of the header.
        Offset: int64
        /// The number of its bytes.
        Length: int64
    }

/// The header of a safetensors file: JSON that says where each tensor lies, and strings.
/// https://github.com/huggingface/safetensors describes the format.
module internal SafetensorsHeader =

    /// As other readers have it.
    [<Literal>]
    let MaxLength = 100_000_000L

    /// The entry that is no tensor but strings by name.
    [<Literal>]
    let Metadata = "__metadata__"

    let private dtypes =
        [
            torch.ScalarType.Float64, "F64", 8L
            torch.ScalarType.Int64, "I64", 8L
            torch.ScalarType.Float32, "F32", 4L
            torch.ScalarType.Int32, "I32", 4L
            torch.ScalarType.Float16, "F16", 2L
            torch.ScalarType.BFloat16, "BF16", 2L
            torch.ScalarType.Int16, "I16", 2L
            torch.ScalarType.Int8, "I8", 1L
            torch.ScalarType.Byte, "U8", 1L
            torch.ScalarType.Bool, "BOOL", 1L
        ]

    let private known = String.Join(", ", [ for _, name, _ in dtypes -> name ])

    /// The format's word for a dtype and its size in bytes. ArgumentException for one that the format has no word for.
    let describe (name: string) (dtype: torch.ScalarType) : struct (string * int64) =
        match dtypes |> List.tryFind (fun (own, _, _) -> own = dtype) with
        | Some(_, word, size) -> struct (word, size)
        | None ->
            raise (
                ArgumentException(
                    $"The tensor \"{name}\" is of dtype {dtype}, which safetensors has no word for; it has {known}."
                )
            )

    /// The header of these entries as bytes, padded with spaces so that what follows begins at a multiple of 8.
    let render (entries: SafetensorsEntry seq) (metadata: KeyValuePair<string, string> seq) : byte[] =
        use memory = new MemoryStream()

        do
            use json = new Utf8JsonWriter(memory)
            json.WriteStartObject()

            let strings =
                metadata |> Seq.sortWith (fun a b -> String.CompareOrdinal(a.Key, b.Key))

            if not (Seq.isEmpty strings) then
                json.WriteStartObject Metadata

                for KeyValue(key, value) in strings do
                    json.WriteString(key, value)

                json.WriteEndObject()

            for entry in entries do
                let struct (word, _) = describe entry.Name entry.Dtype
                json.WriteStartObject entry.Name
                json.WriteString("dtype", word)
                json.WriteStartArray "shape"
                entry.Shape |> Array.iter json.WriteNumberValue
                json.WriteEndArray()
                json.WriteStartArray "data_offsets"
                json.WriteNumberValue entry.Offset
                json.WriteNumberValue(entry.Offset + entry.Length)
                json.WriteEndArray()
                json.WriteEndObject()

            json.WriteEndObject()

        while memory.Length % 8L <> 0L do
            memory.WriteByte(byte ' ')

        if memory.Length > MaxLength then
            raise (
                ArgumentException(
                    $"The names and strings of this file take {memory.Length} bytes; safetensors allows {MaxLength}."
                )
            )

        memory.ToArray()

    let private fail (message: string) = raise (InvalidDataException message)

    // Words in messages come from the file and may be long or strange.
    let private shown (word: string) =
        JsonSerializer.Serialize(if word.Length > 200 then word[..199] + "…" else word)

    let private wholeNumbers (name: string) (what: string) (given: JsonElement) : int64[] =
        let wrong () =
            fail $"the {what} of the tensor {shown name} is no list of whole numbers"

        if given.ValueKind <> JsonValueKind.Array then
            wrong ()

        [|
            for item in given.EnumerateArray() do
                match item.ValueKind with
                | JsonValueKind.Number ->
                    match item.TryGetInt64() with
                    | true, number when number >= 0L -> number
                    | _ -> wrong ()
                | _ -> wrong ()
        |]

    let private word (what: string) (given: JsonElement) : string =
        match given.ValueKind with
        | JsonValueKind.String -> nonNull (given.GetString())
        | _ -> fail $"{what} is no text"

    let private properties (what: string) (given: JsonElement) : (string * JsonElement)[] =
        if given.ValueKind <> JsonValueKind.Object then
            fail $"{what} is no JSON object"

        let names = HashSet<string>()

        [|
            for property in given.EnumerateObject() do
                if not (names.Add property.Name) then
                    fail $"{what} has {shown property.Name} twice"

                property.Name, property.Value
        |]

    let private bytesOf (name: string) (size: int64) (shape: int64[]) : int64 =
        try
            Array.fold (fun total length -> Checked.(*) total length) size shape
        with :? OverflowException ->
            fail $"the shape of the tensor {shown name} has more elements than can be counted"

    let private entry (name: string) (given: JsonElement) : SafetensorsEntry =
        let parts = properties $"the tensor {shown name}" given |> dict

        if parts.Count <> 3 then
            fail $"the tensor {shown name} must have dtype, shape and data_offsets, and nothing else"

        let part key =
            match parts.TryGetValue key with
            | true, value -> value
            | _ -> fail $"the tensor {shown name} has no {key}"

        let dtype = word $"the dtype of the tensor {shown name}" (part "dtype")

        match dtypes |> List.tryFind (fun (_, own, _) -> own = dtype) with
        | None -> fail $"the tensor {shown name} has the dtype {shown dtype}; this library reads {known}"
        | Some(scalar, _, size) ->
            let shape = wholeNumbers name "shape" (part "shape")

            match wholeNumbers name "data_offsets" (part "data_offsets") with
            | [| first; last |] when first <= last ->
                if bytesOf name size shape <> last - first then
                    fail
                        $"the tensor {shown name} of shape {Shape.show shape} and dtype {dtype} cannot lie in {last - first} bytes"

                {
                    Name = name
                    Dtype = scalar
                    Shape = shape
                    Offset = first
                    Length = last - first
                }
            | _ -> fail $"the data_offsets of the tensor {shown name} are no first and last byte"

    // Every byte belongs to one tensor: nothing overlaps, nothing is hidden between them.
    let private checkCover (available: int64) (entries: SafetensorsEntry[]) : unit =
        let covered =
            (0L, entries)
            ||> Array.fold (fun covered entry ->
                if entry.Offset <> covered then
                    fail
                        $"the tensor {shown entry.Name} begins at byte {entry.Offset} of the data, but the tensors before it end at {covered}"

                covered + entry.Length)

        if covered > available then
            fail $"the tensors have {covered} bytes, of which {available} are there: the file was cut off"

        if covered < available then
            fail $"the tensors have {covered} bytes, but {available} are there"

    /// The tensors of a header, in the order of their bytes, and its strings. `available` bytes follow the header.
    /// InvalidDataException, saying what is wrong with the file, when it is not exactly as the format has it.
    let parse (header: byte[]) (available: int64) : struct (SafetensorsEntry[] * Dictionary<string, string>) =
        if header.Length = 0 || header[0] <> byte '{' then
            fail "its header does not begin with {"

        try
            use json = JsonDocument.Parse(ReadOnlyMemory header)
            let metadata = Dictionary<string, string>()

            let entries =
                [|
                    for name, value in properties "its header" json.RootElement do
                        if name = Metadata then
                            for key, text in properties "its __metadata__" value do
                                metadata[key] <- word $"the metadata {shown key}" text
                        else
                            entry name value
                |]
                |> Array.sortBy (fun entry -> struct (entry.Offset, entry.Length))

            checkCover available entries
            struct (entries, metadata)
        with
        | :? JsonException as error -> fail $"its header is no JSON ({error.Message})"
        // A string whose escapes or bytes are no text.
        | :? InvalidOperationException -> fail "its header holds what is no text"
