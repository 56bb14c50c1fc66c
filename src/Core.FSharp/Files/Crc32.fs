namespace MetricLearning.Core

open System

/// The checksum of zip archives, of the bytes given so far.
[<Sealed>]
type internal Crc32() =
    static let table =
        Array.init 256 (fun index ->
            let mutable value = uint32 index

            for _ in 1..8 do
                value <- (value >>> 1) ^^^ (if value &&& 1u = 1u then 0xEDB88320u else 0u)

            value)

    let mutable state = 0xFFFFFFFFu

    /// Takes more bytes.
    member _.Append(bytes: ReadOnlySpan<byte>) : unit =
        let mutable value = state

        for index in 0 .. bytes.Length - 1 do
            value <- table[int (byte value ^^^ bytes[index])] ^^^ (value >>> 8)

        state <- value

    /// The checksum.
    member _.Value: uint32 = ~~~state
