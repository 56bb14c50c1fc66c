/// Reads TensorBoard's event files by their description, sharing no code with the writer: frames with masked CRC-32C, in them
/// protocol buffers. Understands what TensorBoard understands of restarts.
module MetricLearning.Core.Tests.Support.EventReader

open System
open System.IO

// Bit by bit: the polynomial of Castagnoli, reflected.
let private crc32c (bytes: byte[]) : uint32 =
    let mutable crc = 0xFFFFFFFFu

    for one in bytes do
        crc <- crc ^^^ uint32 one

        for _ in 1..8 do
            crc <-
                if crc &&& 1u = 1u then
                    (crc >>> 1) ^^^ 0x82F63B78u
                else
                    crc >>> 1

    crc ^^^ 0xFFFFFFFFu

let private masked (bytes: byte[]) : uint32 =
    let crc = crc32c bytes
    ((crc >>> 15) ||| (crc <<< 17)) + 0xA282EAD8u

/// The contents of the frames of a file. Raises InvalidDataException where a checksum is wrong.
let frames (path: string) : byte[] list =
    use reader =
        new BinaryReader(File.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))

    [
        while reader.BaseStream.Position < reader.BaseStream.Length do
            let length = reader.ReadBytes 8

            if reader.ReadUInt32() <> masked length then
                raise (InvalidDataException $"{path}: a length and its checksum differ.")

            let content = reader.ReadBytes(int (BitConverter.ToUInt64(length, 0)))

            if reader.ReadUInt32() <> masked content then
                raise (InvalidDataException $"{path}: an event and its checksum differ.")

            content
    ]

/// A field of a protocol buffer.
type Field =
    | Number of uint64
    | Bytes of byte[]

/// The fields of a message by number, in order.
let rec private fields (message: byte[]) : (int * Field) list =
    let mutable place = 0

    let varint () =
        let mutable value = 0UL
        let mutable shift = 0
        let mutable goesOn = true

        while goesOn do
            let one = message[place]
            place <- place + 1
            value <- value ||| (uint64 (one &&& 0x7Fuy) <<< shift)
            shift <- shift + 7
            goesOn <- one >= 0x80uy

        value

    let take count =
        let found = message[place .. place + count - 1]
        place <- place + count
        found

    [
        while place < message.Length do
            let key = varint ()

            let field =
                match int (key &&& 7UL) with
                | 0 -> Number(varint ())
                | 1 -> Number(BitConverter.ToUInt64(take 8, 0))
                | 2 -> Bytes(take (int (varint ())))
                | 5 -> Number(uint64 (BitConverter.ToUInt32(take 4, 0)))
                | other -> raise (InvalidDataException $"There is no wire type {other}.")

            int (key >>> 3), field
    ]

let private bytes number message =
    fields message
    |> List.choose (function
        | found, Bytes content when found = number -> Some content
        | _ -> None)

let private number wanted message =
    fields message
    |> List.tryPick (function
        | found, Number value when found = wanted -> Some value
        | _ -> None)

/// What a run consists of.
type Event =
    /// The version of the file.
    | Version of string
    /// The run was taken up again from this step on.
    | Restart of step: int64
    /// A number.
    | Scalar of tag: string * step: int64 * value: float32

let private text (content: byte[]) = Text.Encoding.UTF8.GetString content

/// The events of a folder's files, in TensorBoard's order.
let events (folder: string) : Event list =
    [
        for path in Directory.GetFiles(folder, "*tfevents*") |> Array.sort do
            for event in frames path do
                // Event: wall_time 1, step 2, file_version 3, summary 5, session_log 7.
                let step = number 2 event |> Option.map int64 |> Option.defaultValue 0L

                for version in bytes 3 event do
                    Version(text version)

                for log in bytes 7 event do
                    if number 1 log = Some 1UL then
                        Restart step

                // Summary: value 1; Summary.Value: tag 1, simple_value 2.
                for summary in bytes 5 event do
                    for value in bytes 1 summary do
                        let tag = bytes 1 value |> List.head |> text
                        let bits = number 2 value |> Option.defaultValue 0UL
                        Scalar(tag, step, BitConverter.UInt32BitsToSingle(uint32 bits))
    ]

/// What TensorBoard shows: the numbers of each tag by step, those from a restart's step on being forgotten.
let shown (folder: string) : Map<string, (int64 * float32) list> =
    (Map.empty, events folder)
    ||> List.fold (fun shown event ->
        match event with
        | Version _ -> shown
        | Restart step ->
            shown
            |> Map.map (fun _ points -> List.filter (fun (other, _) -> other < step) points)
        | Scalar(tag, step, value) ->
            Map.change tag (fun points -> Some(Option.defaultValue [] points @ [ step, value ])) shown)
    |> Map.filter (fun _ points -> not points.IsEmpty)
