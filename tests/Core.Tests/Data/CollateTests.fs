module MetricLearning.Core.Tests.Data.CollateTests

open System
open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations

let private collate (samples: obj list) =
    Collate.samples
        [|
            for place in samples |> List.mapi (fun place _ -> 10L + int64 place) -> place
        |]
        samples

let private tensor (batch: obj) = batch :?> torch.Tensor

let private isTensor (shape: int64 list) (dtype: torch.ScalarType) (values: float list) (batch: obj) =
    let made = tensor batch
    Expect.equal (List.ofArray made.shape) shape "shape"
    Expect.equal made.dtype dtype "dtype"
    Expect.equal (List.ofArray (floats made)) values "values"

let private inScope (act: unit -> unit) =
    use _ = torch.NewDisposeScope()
    act ()


let tests =
    testSequenced
    <| testList
        "collate"
        [
            test "tensors are stacked" {
                inScope (fun () ->
                    collate
                        [
                            torch.tensor [| 1.0; 2.0 |]
                            torch.tensor [| 3.0; 4.0 |]
                            torch.tensor [| 5.0; 6.0 |]
                        ]
                    |> isTensor [ 3L; 2L ] torch.float64 [ 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 ])
            }

            test "numbers become vectors" {
                inScope (fun () ->
                    collate [ 1; 2 ] |> isTensor [ 2L ] torch.int64 [ 1.0; 2.0 ]
                    collate [ 1; 2L; 3uy ] |> isTensor [ 3L ] torch.int64 [ 1.0; 2.0; 3.0 ]
                    collate [ 1.5f; 2.0f ] |> isTensor [ 2L ] torch.float32 [ 1.5; 2.0 ]
                    collate [ 1.5; 2.0 ] |> isTensor [ 2L ] torch.float64 [ 1.5; 2.0 ]
                    collate [ true; false ] |> isTensor [ 2L ] torch.bool [ 1.0; 0.0 ]

                    collate [ DayOfWeek.Tuesday; DayOfWeek.Sunday ]
                    |> isTensor [ 2L ] torch.int64 [ 2.0; 0.0 ])
            }

            test "arrays of numbers count as tensors" {
                inScope (fun () ->
                    collate [ [| 1.0f; 2.0f |]; [| 3.0f; 4.0f |] ]
                    |> isTensor [ 2L; 2L ] torch.float32 [ 1.0; 2.0; 3.0; 4.0 ]

                    collate [ [| 7uy |]; [| 255uy |] ]
                    |> isTensor [ 2L; 1L ] torch.uint8 [ 7.0; 255.0 ]

                    collate [ [| 7 |]; [| -2 |] ] |> isTensor [ 2L; 1L ] torch.int32 [ 7.0; -2.0 ]

                    collate [ array2D [ [ 1.0; 2.0; 3.0 ] ]; array2D [ [ 4.0; 5.0; 6.0 ] ] ]
                    |> isTensor [ 2L; 1L; 3L ] torch.float64 [ 1.0 .. 6.0 ])
            }

            test "strings become an array" {
                Expect.equal (collate [ "a"; "b" ] :?> string[]) [| "a"; "b" |] "the strings"
            }

            test "tuples and lists are collated place by place" {
                inScope (fun () ->
                    let forms: obj list list =
                        [
                            [ (1.5, "x"); (2.5, "y") ]
                            [ struct (1.5, "x"); struct (2.5, "y") ]
                            [ ([| 1.5; "x" |]: obj[]); ([| 2.5; "y" |]: obj[]) ]
                            [ ([ 1.5; "x" ]: obj list); List<obj>([ 2.5; "y" ]: obj list) ]
                        ]

                    for samples in forms do
                        let parts = collate samples :?> obj[]
                        Expect.equal parts.Length 2 "two places"
                        parts[0] |> isTensor [ 2L ] torch.float64 [ 1.5; 2.5 ]
                        Expect.equal (parts[1] :?> string[]) [| "x"; "y" |] "the strings"

                    let nested = collate [ (1, (2, 3)); (4, (5, 6)) ] :?> obj[]
                    (nested[1] :?> obj[])[0] |> isTensor [ 2L ] torch.int64 [ 2.0; 5.0 ])
            }

            test "dictionaries are collated key by key" {
                inScope (fun () ->
                    let sample (number: float) =
                        Dictionary(dict [ "data", torch.tensor number; "label", torch.tensor 3L ])

                    let batch = collate [ sample 1.0; sample 2.0 ] :?> Dictionary<string, obj>
                    Expect.equal batch.Count 2 "keys"
                    batch["data"] |> isTensor [ 2L ] torch.float64 [ 1.0; 2.0 ]
                    batch["label"] |> isTensor [ 2L ] torch.int64 [ 3.0; 3.0 ])
            }

            test "samples that are not alike are named" {
                inScope (fun () ->
                    let three = torch.zeros [| 3L |]

                    let mixed: (obj list * string list) list =
                        [
                            [ three; torch.zeros [| 4L |] ], [ "Sample 11"; "shape [4]"; "shape [3]"; "sample 10" ]
                            [ three; three; torch.zeros ([| 3L |], dtype = torch.float64) ],
                            [ "Sample 12 (position 2"; "Float64"; "Float32" ]
                            [ three; "x" ], [ "Sample 11"; "a string"; "tensor" ]
                            [ 1; 2.5 ], [ "Sample 11"; "System.Double"; "System.Int32" ]
                            [ "x"; 1 ], [ "Sample 11"; "System.Int32"; "a string" ]
                            [ [| 1.0 |]; [| 1.0; 2.0 |] ], [ "Sample 11"; "[2] elements"; "[1] elements" ]
                            [ [| 1.0 |]; [| 1.0f |] ], [ "System.Single"; "System.Double" ]
                            [ (1, 2); (1, 2, 3) ], [ "Sample 11"; "a tuple of 3"; "a tuple of 2" ]
                            [ [ "a" ]; [ "a"; "b" ] ], [ "Sample 11"; "2 items"; "holds 1" ]
                            [ (1, three); (1, torch.zeros [| 4L |]) ], [ "Sample 11"; "shape [4]" ]
                            [ Dictionary(dict [ "a", 1 ]); Dictionary(dict [ "b", 1 ]) ], [ "Sample 11"; "\"a\"" ]
                            [ 1; Unchecked.defaultof<obj> ], [ "Sample 11"; "null" ]
                            [ DateTime.Now ], [ "Sample 10"; "System.DateTime" ]
                        ]

                    for samples, texts in mixed do
                        for text in texts do
                            throws<ArgumentException> text (fun () -> collate samples |> ignore))
            }

            test "no samples make no batch" { throws<ArgumentException> "no samples" (fun () -> collate [] |> ignore) }

            test "intermediate tensors go with the scope" {
                use one = torch.zeros [| 3L |]
                use other = torch.ones [| 3L |]

                leavesNoTensors (fun () ->
                    inScope (fun () -> collate [ (one, [| 1.0 |], 1); (other, [| 2.0 |], 2) ] |> ignore))

                Expect.isFalse one.IsInvalid "the samples live"
            }
        ]
