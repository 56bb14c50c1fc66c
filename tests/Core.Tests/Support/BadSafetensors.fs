/// Files that are almost safetensors.
module MetricLearning.Core.Tests.Support.BadSafetensors

open System
open System.IO
open System.Text
open Expecto
open MetricLearning
open MetricLearning.Core

/// A file of this header and so many bytes of data.
let private raw (header: string) (data: int) : byte[] =
    let text = Encoding.UTF8.GetBytes header
    Array.concat [ BitConverter.GetBytes(uint64 text.Length); text; Array.zeroCreate<byte> data ]

let private entry name dtype shape first last =
    $"\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":[{first},{last}]}}"

let private bad: (string * byte[] * string) list =
    let tensors (entries: string list) data =
        let inside = String.Join(",", entries)
        raw $"{{{inside}}}" data

    [
        "nothing", [||], "0 bytes"
        "less than a length", [| 1uy; 2uy |], "2 bytes"
        "a length beyond the end", BitConverter.GetBytes 100UL, "100 bytes"
        "a length beyond all memory", BitConverter.GetBytes UInt64.MaxValue, "more than the"
        "an empty header", raw "" 0, "begin with {"
        "a list", raw "[]" 0, "begin with {"
        "space before the header", raw " {}" 0, "begin with {"
        "no JSON", raw "{\"a\":" 0, "no JSON"
        "JSON and something", raw "{}x" 0, "no JSON"
        "bytes that are no text", Array.append (raw "{\"a" 0) [| 0xFFuy; 0xFEuy |], ""
        "an escape that is no text", raw """{"__metadata__":{"a":"\ud800"}}""" 0, "no text"
        "metadata that is no object", raw """{"__metadata__":[]}""" 0, "__metadata__ is no JSON object"
        "metadata that is no text", raw """{"__metadata__":{"a":1}}""" 0, "is no text"
        "metadata twice", raw """{"__metadata__":{"a":"b","a":"b"}}""" 0, "twice"
        "a name twice", tensors [ entry "a" "U8" "[1]" 0 1; entry "a" "U8" "[1]" 1 2 ] 2, "twice"
        "another key", raw """{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}}""" 0, "nothing else"
        "a missing key", raw """{"a":{"dtype":"U8","shape":[0]}}""" 0, "nothing else"
        "a wrong key", raw """{"a":{"dtype":"U8","shape":[0],"offsets":[0,0]}}""" 0, "no data_offsets"
        "a number for an entry", raw """{"a":1}""" 0, "no JSON object"
        "an unknown dtype", tensors [ entry "a" "C64" "[1]" 0 8 ] 8, "C64"
        "a shape that is no list", tensors [ entry "a" "U8" "1" 0 1 ] 1, "shape"
        "a negative length", tensors [ entry "a" "U8" "[-1]" 0 1 ] 1, "shape"
        "half a length", tensors [ entry "a" "U8" "[1.5]" 0 1 ] 1, "shape"
        "a length that is no int64", tensors [ entry "a" "U8" "[18446744073709551616]" 0 1 ] 1, "shape"
        "a product that overflows", tensors [ entry "a" "U8" "[4611686018427387904,4]" 0 0 ] 0, "can be counted"
        "one offset", raw """{"a":{"dtype":"U8","shape":[0],"data_offsets":[0]}}""" 0, "data_offsets"
        "offsets that go back", tensors [ entry "a" "U8" "[1]" 1 0 ] 1, "data_offsets"
        "offsets that are too wide", tensors [ entry "a" "U8" "[1]" 0 2 ] 2, "cannot lie in 2 bytes"
        "a gap", tensors [ entry "a" "U8" "[1]" 0 1; entry "b" "U8" "[1]" 2 3 ] 3, "begins at byte 2"
        "a gap before the first", tensors [ entry "a" "U8" "[1]" 1 2 ] 2, "begins at byte 1"
        "an overlap", tensors [ entry "a" "U8" "[2]" 0 2; entry "b" "U8" "[2]" 1 3 ] 3, "begins at byte 1"
        "data that is missing", tensors [ entry "a" "F32" "[3]" 0 12 ] 11, "cut off"
        "data that nobody has", tensors [ entry "a" "F32" "[3]" 0 12 ] 13, "but 13 are there"
        "deep JSON", raw (String('[', 5000) |> fun deep -> $"{{\"a\":{deep}") 0, "no JSON"
        "a long name", tensors [ entry (String('x', 100_000)) "U9" "[1]" 0 1 ] 1, "U9"
    ]

let private opened (file: byte[]) =
    SafetensorsFile.Read(new MemoryStream(file), "the file")

let tests =
    testList
        "what is no safetensors file is refused"
        [
            for what, file, words in bad do
                testCase what (fun () ->
                    Expect.throwsC (fun () -> (opened file :> IDisposable).Dispose()) (fun error ->
                        Expect.equal (error.GetType()) typeof<InvalidDataException> "its kind"
                        Expect.stringContains error.Message words "the message"
                        Expect.isLessThan error.Message.Length 1000 "a message that can be read"))
        ]
