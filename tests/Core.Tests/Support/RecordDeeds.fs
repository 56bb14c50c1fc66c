/// Records, corrections and kills, and the records that should remain.
module MetricLearning.Core.Tests.Support.RecordDeeds

open System.Collections.Generic
open System.Globalization
open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning

/// What happens to the records of a run.
type Deed =
    /// An iteration is recorded: both groups at x, with the values of so many series.
    | Append of x: int64 * values: float list
    /// A record is corrected.
    | Amend of x: int64 * value: float
    /// The process is killed: nothing is closed. A new one goes on in the folder.
    | Killed

let deeds: Deed list Gen =
    let x = Gen.choose (0, 12) |> Gen.map int64
    let value = Gen.elements [ 0.0; 1.5; -1e300; 1.0 / 3.0; infinity; 1e-320 ]

    let deed =
        Gen.frequency
            [
                10,
                Gen.map2
                    (fun x values -> Append(x, values))
                    x
                    (Gen.choose (1, 3) |> Gen.bind (Gen.listOfLength >> (|>) value))
                1, Gen.map2 (fun x value -> Amend(x, value)) x value
                2, Gen.constant Killed
            ]

    Gen.listOf deed

let groups = [ "loss_histories"; "a group, with a comma" ]

let record (x: int64) (values: float list) (group: string) : Record =
    values
    |> List.mapi (fun number value -> KeyValuePair($"series '{number}'", value))
    |> Record.ofNumbers group RecordAxis.Iteration x

/// The records of one group that a folder should have.
let expected (deeds: Deed list) : Map<int64, float list> =
    (Map.empty, deeds)
    ||> List.fold (fun records deed ->
        match deed with
        | Append(x, values) -> records |> Map.filter (fun other _ -> other < x) |> Map.add x values
        | Amend(x, value) -> records |> Map.add x [ value ]
        | Killed -> records)

/// Does the deeds; writers of killed processes stay open, until the end.
let perform (openWriter: unit -> IRecordWriter) (deeds: Deed list) (check: unit -> unit) : unit =
    let opened = Stack<IRecordWriter>([ openWriter () ])

    try
        for deed in deeds do
            match deed with
            | Append(x, values) -> opened.Peek().Append [| for group in groups -> record x values group |]
            | Amend(x, value) ->
                for group in groups do
                    opened.Peek().Amend(record x [ value ] group)
            | Killed -> opened.Push(openWriter ())

        check ()
    finally
        for writer in opened do
            writer.Dispose()

let invariant (value: float) =
    value.ToString CultureInfo.InvariantCulture

let holds (deeds: Deed list) (openWriter: string -> IRecordWriter) (check: string -> unit) =
    Folders.using (fun folder -> perform (fun () -> openWriter folder) deeds (fun () -> check folder))

let property (name: string) (count: int) (holds: Deed list -> unit) =
    testPropertyWithConfig { Checked.config with maxTest = count } name (Prop.forAll (Arb.fromGen deeds) holds)
