/// Safetensors files read by the book, with nothing of the library's.
module MetricLearning.Core.Tests.Support.ForeignReader

open System
open System.IO
open System.Text.Json.Nodes

/// A tensor as its bytes.
type Raw =
    {
        Dtype: string
        Shape: int64 list
        Bytes: byte[]
    }

let private text (node: JsonNode | null) = (nonNull node).GetValue<string>()

let private numbers (node: JsonNode | null) =
    [ for item in (nonNull node).AsArray() -> (nonNull item).GetValue<int64>() ]

let private sizes =
    dict
        [
            "F64", 8L
            "I64", 8L
            "F32", 4L
            "I32", 4L
            "F16", 2L
            "BF16", 2L
            "I16", 2L
            "I8", 1L
            "U8", 1L
            "BOOL", 1L
        ]

/// Tensors by name and strings by name; every rule of the format is checked on the way.
let read (file: byte[]) : Map<string, Raw> * Map<string, string> =
    let length = int (BitConverter.ToUInt64(file, 0))
    let header = JsonNode.Parse(file.AsSpan(8, length)) |> nonNull
    let data = file[8 + length ..]
    let mutable covered = 0L

    let entries =
        [
            for property in header.AsObject() do
                property.Key, nonNull property.Value
        ]

    let tensors =
        [
            for name, entry in entries |> List.filter (fst >> (<>) "__metadata__") do
                match numbers entry["data_offsets"] with
                | [ first; last ] -> first, last, name, entry
                | other -> invalidOp $"{name}: {other}"
        ]
        |> List.sortBy (fun (first, last, _, _) -> first, last)
        |> List.map (fun (first, last, name, entry) ->
            let dtype, shape = text entry["dtype"], numbers entry["shape"]

            if first <> covered || List.fold (*) sizes[dtype] shape <> last - first then
                invalidOp $"{name}: {dtype} {shape} from {first} to {last}, {covered} before"

            if first % sizes[dtype] <> 0L || (8L + int64 length) % 8L <> 0L then
                invalidOp $"{name} is not aligned"

            covered <- last

            name,
            {
                Dtype = dtype
                Shape = shape
                Bytes = data[int first .. int last - 1]
            })

    if covered <> data.LongLength then
        invalidOp "bytes that belong to no tensor"

    let strings =
        match entries |> List.tryFind (fst >> (=) "__metadata__") with
        | Some(_, strings) ->
            [
                for property in strings.AsObject() do
                    property.Key, text property.Value
            ]
        | None -> []

    Map.ofList tensors, Map.ofList strings
