namespace MetricLearning

open System
open System.Buffers.Binary
open System.Collections.Generic
open System.IO
open System.Text

/// The bytes of a pickle, from the first to the last.
[<Sealed>]
type internal PickleBytes(bytes: byte[]) =
    static let utf8 = UTF8Encoding(false, true)
    let mutable at = 0

    let take (count: int64) : int =
        if count < 0L || count > int64 (bytes.Length - at) then
            raise (InvalidDataException $"its pickle ends inside of what begins at byte {at}")

        let start = at
        at <- at + int count
        start

    /// The number of bytes read.
    member _.Place = at
    /// The next bytes as numbers, as the opcodes have them. InvalidDataException when they are not there, here and below.
    member _.Byte() : int = int bytes[take 1L]

    member _.UInt16() : int =
        int (BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan(bytes, take 2L, 2)))

    member _.Int32() : int =
        BinaryPrimitives.ReadInt32LittleEndian(ReadOnlySpan(bytes, take 4L, 4))

    member _.UInt32() : int64 =
        int64 (BinaryPrimitives.ReadUInt32LittleEndian(ReadOnlySpan(bytes, take 4L, 4)))

    member _.Int64() : int64 =
        BinaryPrimitives.ReadInt64LittleEndian(ReadOnlySpan(bytes, take 8L, 8))

    member _.Float() : float =
        BinaryPrimitives.ReadDoubleBigEndian(ReadOnlySpan(bytes, take 8L, 8))

    /// Skips bytes.
    member _.Skip(count: int64) : unit = take count |> ignore

    /// A text of the given number of bytes.
    member _.Text(count: int64) : string =
        let start = take count

        try
            utf8.GetString(bytes, start, int count)
        with :? DecoderFallbackException ->
            raise (InvalidDataException $"its pickle has a text at byte {start} that is no UTF-8")

    /// A text up to the end of its line.
    member this.Line() : string =
        match Array.IndexOf(bytes, 10uy, at) with
        | -1 -> raise (InvalidDataException $"its pickle ends inside of the name at byte {at}")
        | last ->
            let line = this.Text(int64 (last - at))
            at <- last + 1
            line

    /// A whole number of the given number of bytes; more than 64 bits cannot be held.
    member _.Long(count: int64) : PickleValue =
        let start = take count

        if count <= 8L then
            let padded = Array.zeroCreate<byte> 8

            if count > 0L && bytes[start + int count - 1] >= 128uy then
                Array.Fill(padded, 255uy)

            Array.Copy(bytes, start, padded, 0, int count)
            PickleValue.Int(BitConverter.ToInt64(padded, 0))
        else
            PickleValue.Foreign "int of more than 64 bits"

/// The values that a pickle is at work on, with marks between them.
[<Sealed>]
type internal PickleStack() =
    let values = ResizeArray<PickleValue>()
    let marks = Stack<int>()

    /// Puts a value on top.
    member _.Push(value: PickleValue) : unit = values.Add value
    /// Marks what is on top now.
    member _.Mark() : unit = marks.Push values.Count

    /// Takes the value on top; never one below the last mark.
    member _.Pop() : PickleValue =
        let bottom = if marks.Count = 0 then 0 else marks.Peek()

        if values.Count <= bottom then
            raise (InvalidDataException "its pickle takes a value where there is none")

        let value = values[values.Count - 1]
        values.RemoveAt(values.Count - 1)
        value

    /// The value on top, which stays there.
    member this.Top() : PickleValue =
        let value = this.Pop()
        values.Add value
        value

    /// Takes all values above the last mark, and the mark.
    member _.PopToMark() : PickleValue[] =
        if marks.Count = 0 then
            raise (InvalidDataException "its pickle goes back to a mark where there is none")

        let start = marks.Pop()
        let above = values.GetRange(start, values.Count - start).ToArray()
        values.RemoveRange(start, values.Count - start)
        above
