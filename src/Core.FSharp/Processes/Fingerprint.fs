namespace MetricLearning.Core

open System
open System.IO.Hashing
open System.Runtime.InteropServices
open System.Text

/// Numbers that stand for more than can be compared: equal things have equal ones, and others nearly never.
module internal Fingerprint =

    /// Of bytes.
    let ofBytes (bytes: ReadOnlySpan<byte>) : int64 = int64 (XxHash64.HashToUInt64 bytes)

    /// Of numbers in an order.
    let ofNumbers (numbers: int64[]) : int64 =
        ofBytes (MemoryMarshal.AsBytes(ReadOnlySpan<int64> numbers))

    /// Of text.
    let ofText (text: string) : int64 =
        ofBytes (ReadOnlySpan<byte>(Encoding.UTF8.GetBytes text))

    /// Of numbers with names, in the order of the names.
    let ofTable (table: Map<string, float[]>) : int64 =
        table
        |> Map.toArray
        |> Array.collect (fun (name, numbers) ->
            Array.append [| ofText name |] (Array.map BitConverter.DoubleToInt64Bits numbers))
        |> ofNumbers
