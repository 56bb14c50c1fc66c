module MetricLearning.Core.Tests.Support.LabelCases

open System
open System.Collections.Generic
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations

let one = HierarchyLevel.One

let processed (datasetLabels: obj | null) setMin level (labels: obj) =
    use made =
        LabelMap.Create(setMin, datasetLabels).Apply(level, Labels.ofBatch labels)

    Expect.equal made.dtype torch.int64 "dtype"
    [ for length in made.shape -> int length ], numbers made |> Array.map int |> Array.toList

let gives (expected: int list list) (shape, values) =
    Expect.equal shape [ expected.Length; expected.Head.Length ] "shape"
    Expect.equal values (List.concat expected) "labels"

let givesOne (expected: int list) (shape, values) =
    Expect.equal shape [ expected.Length ] "shape"
    Expect.equal values expected "labels"

let table (rows: 'T list list) : obj = array2D rows

type Species =
    | Cat = 3
    | Dog = 1

/// The cases of the reference's label processing: data set labels, batch labels, level → labels.
let reference =
    let numberRows = table [ [ 5; 20 ]; [ 5; 30 ]; [ 9; 40 ]; [ 2; 20 ] ]
    let numbers = table [ [ 9; 20 ]; [ 2; 40 ] ]
    let wordRows = table [ [ "a"; "x" ]; [ "b"; "z" ]; [ "a"; "y" ] ]
    let words = table [ [ "b"; "x" ]; [ "a"; "z" ] ]

    testList
        "as in the reference"
        [
            test "integers" {
                processed [| 5; 10; 12; 13; 10; 5 |] true (one 0) [| 10; 13; 5 |]
                |> givesOne [ 1; 3; 0 ]
            }
            test "negative integers" {
                processed [| -3; 7; 100; -50 |] true (one 0) [| 100; -50; -3 |]
                |> givesOne [ 3; 0; 1 ]
            }
            test "strings" {
                processed [| "dog"; "cat"; "monkey"; "cat" |] true (one 0) [| "monkey"; "dog"; "cat"; "cat" |]
                |> givesOne [ 2; 1; 0; 0 ]
            }
            test "two levels, level 0" { processed numberRows true (one 0) numbers |> givesOne [ 2; 0 ] }
            test "two levels, level 1" { processed numberRows true (one 1) numbers |> givesOne [ 0; 2 ] }
            test "two levels, all" {
                processed numberRows true HierarchyLevel.All numbers
                |> gives [ [ 2; 0 ]; [ 0; 2 ] ]
            }
            test "two levels, 0 and 1" {
                processed numberRows true (HierarchyLevel.Several [| 0; 1 |]) numbers
                |> gives [ [ 2; 0 ]; [ 0; 2 ] ]
            }
            test "two levels, 1 and 0" {
                processed numberRows true (HierarchyLevel.Several [| 1; 0 |]) numbers
                |> gives [ [ 0; 2 ]; [ 2; 0 ] ]
            }
            test "two levels of strings, level 0" { processed wordRows true (one 0) words |> givesOne [ 1; 0 ] }
            test "two levels of strings, level 1" { processed wordRows true (one 1) words |> givesOne [ 0; 2 ] }
            test "two levels of strings, all" {
                processed wordRows true HierarchyLevel.All words |> gives [ [ 1; 0 ]; [ 0; 2 ] ]
            }
            test "two levels of strings, 0 and 1" {
                processed wordRows true (HierarchyLevel.Several [| 0; 1 |]) words
                |> gives [ [ 1; 0 ]; [ 0; 2 ] ]
            }
            test "two levels of strings, 1 and 0" {
                processed wordRows true (HierarchyLevel.Several [| 1; 0 |]) words
                |> gives [ [ 0; 1 ]; [ 2; 0 ] ]
            }
            test "a list of levels" {
                use first = torch.tensor [| 5L; 5L; 9L |]
                use second = torch.tensor [| 30L; 20L; 40L |]

                processed (table [ [ 5; 20 ]; [ 5; 30 ]; [ 9; 40 ] ]) true (one 1) [ first; second ]
                |> givesOne [ 1; 0; 2 ]
            }
            test "level 1 of labels of one level" {
                throws<ArgumentException> "LabelHierarchyLevel is 1" (fun () ->
                    processed null false (one 1) [| 1; 2 |] |> ignore)
            }
            test "level 2 of labels of two levels" {
                throws<ArgumentException> "have 2 level(s)" (fun () ->
                    processed null false (one 2) (table [ [ 1; 2 ] ]) |> ignore)
            }
            test "an unknown label" {
                throws<ArgumentException> "Label 4 of level 0" (fun () ->
                    processed [| 5; 6 |] true (one 0) [| 4 |] |> ignore)
            }
            test "no data set labels" {
                throws<ArgumentException> "needs DatasetLabels" (fun () ->
                    processed null true (one 0) [| 4 |] |> ignore)
            }
        ]
