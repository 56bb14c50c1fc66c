module MetricLearning.Core.Tests.Feed.LabelTests

open System
open System.Collections.Generic
open Expecto
open FsCheck
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Tests.Feed.Expectations

let private one = HierarchyLevel.One

let private processed (datasetLabels: obj | null) setMin level (labels: obj) =
    use made =
        LabelMap.Create(setMin, datasetLabels).Apply(level, Labels.ofBatch labels)

    Expect.equal made.dtype torch.int64 "dtype"
    [ for length in made.shape -> int length ], numbers made |> Array.map int |> Array.toList

let private gives (expected: int list list) (shape, values) =
    Expect.equal shape [ expected.Length; expected.Head.Length ] "shape"
    Expect.equal values (List.concat expected) "labels"

let private givesOne (expected: int list) (shape, values) =
    Expect.equal shape [ expected.Length ] "shape"
    Expect.equal values expected "labels"

let private table (rows: 'T list list) : obj = array2D rows

type Species =
    | Cat = 3
    | Dog = 1

/// The cases of the reference's label processing: data set labels, batch labels, level → labels.
let private reference =
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
                throws<ArgumentException> "labelHierarchyLevel is 1" (fun () ->
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
                throws<ArgumentException> "needs datasetLabels" (fun () ->
                    processed null true (one 0) [| 4 |] |> ignore)
            }
        ]


let tests =
    testSequenced
    <| testList
        "labels"
        [
            reference

            test "string labels need no collate function, as default collation leaves them" {
                processed [| "dog"; "cat" |] false (one 0) (Collate.samples [| 0L; 1L |] [ "dog"; "cat" ])
                |> givesOne [ 1; 0 ]
            }

            testProperty "ranks are those among the distinct labels, whatever the kind"
            <| fun (NonEmptyArray(labels: int64[])) ->
                let ranks = labels |> Array.distinct |> Array.sort

                let expected =
                    labels |> Array.map (fun label -> Array.IndexOf(ranks, label)) |> Array.toList

                use tensor = torch.tensor labels

                ([ labels; List.ofArray labels; List<int64> labels; tensor ]: obj list)
                |> List.forall (fun several -> processed labels true (one 0) several = ([ labels.Length ], expected))

            test "integers stay without a map, in every form" {
                use int32s = torch.tensor [| 3; -1; 3 |]
                use wholes = torch.tensor [| 3.0f; -1.0f; 3.0f |]

                let forms: obj list =
                    [
                        [| 3; -1; 3 |]
                        [| 3L; -1L; 3L |]
                        [| 3s; -1s; 3s |]
                        [| 3y; -1y; 3y |]
                        [| 3.0; -1.0; 3.0 |]
                        [ 3; -1; 3 ]
                        ([ 3; -1L; 3.0f ]: obj list)
                        int32s
                        wholes
                    ]

                for labels in forms do
                    processed null false (one 0) labels |> givesOne [ 3; -1; 3 ]

                processed null false (one 0) [| Species.Cat; Species.Dog |] |> givesOne [ 3; 1 ]
                processed null false (one 0) [| 250uy |] |> givesOne [ 250 ]
                processed null false (one 0) [| 4000000000u - 3999999999u |] |> givesOne [ 1 ]
            }

            test "large integers never collide" {
                use made =
                    LabelMap.Identity.Apply(one 0, Labels.ofBatch [| 16777216L; 16777217L; Int64.MaxValue |])

                Expect.equal (numbers made) [| 16777216L; 16777217L; Int64.MaxValue |] "as they were"
            }

            test "labels that are no integers are refused, not truncated" {
                use halves = torch.tensor [| 1.0f; 2.5f |]

                let forms: obj list =
                    [ [| 1.0; 2.5 |]; halves; [| 2.5f |]; [| nan |]; [| infinity |] ]

                for labels in forms do
                    throws<ArgumentException> "labels are integers or strings" (fun () ->
                        processed null false (one 0) labels |> ignore)
            }

            test "strings are ranked by code point" {
                let words = [| "\U0001F600"; "\uFF5E"; "z"; "Z"; ""; "za"; "ä" |]

                processed words true (one 0) [| ""; "Z"; "z"; "za"; "ä"; "\uFF5E"; "\U0001F600" |]
                |> givesOne [ 0; 1; 2; 3; 4; 5; 6 ]
            }

            test "strings of no known data set are refused" {
                throws<ArgumentException> "give datasetLabels" (fun () ->
                    processed null false (one 0) [| "dog" |] |> ignore)
            }

            test "kinds do not mix" {
                throws<ArgumentException> "use one kind" (fun () ->
                    processed [| "dog" |] true (one 0) [| 1 |] |> ignore)

                throws<ArgumentException> "use one kind" (fun () ->
                    processed [| 1 |] true (one 0) [| "dog" |] |> ignore)

                throws<ArgumentException> "use one kind" (fun () -> Labels.ofBatch ([ 1; "dog" ]: obj list) |> ignore)
                throws<ArgumentException> "use one kind" (fun () -> Labels.ofBatch ([ "dog"; 1 ]: obj list) |> ignore)
            }

            test "levels may be of different kinds" {
                let rows: obj = [ struct (4, "x"); struct (2, "y"); struct (4, "z") ]
                let map = LabelMap.Create(true, rows)

                let level number =
                    map.Numbers(number, (Labels.ofDataset rows)[number])

                Expect.equal (level 0) [| 1L; 0L; 1L |] "integers"
                Expect.equal (level 1) [| 0L; 1L; 2L |] "strings"
            }

            test "lists of lists: of levels in a batch, of samples in a data set" {
                let nested: obj = [ [| 1; 2; 3 |]; [| 4; 5; 6 |] ]
                Expect.equal ((Labels.ofBatch nested).Length) 2 "two levels"
                Expect.equal ((Labels.ofDataset nested).Length) 3 "three levels"
                Expect.equal ((Labels.ofDataset nested)[2]) (LabelColumn.Numbers [| 3L; 6L |]) "the third"
            }

            test "a map with fewer levels than asked for is refused" {
                throws<ArgumentException> "datasetLabels has 1 level(s)" (fun () ->
                    processed [| 1; 2 |] true (one 1) (table [ [ 1; 2 ] ]) |> ignore)
            }

            test "negative levels are refused" {
                throws<ArgumentException> "levels count from 0" (fun () ->
                    processed null false (one -1) (table [ [ 1; 2 ] ]) |> ignore)
            }

            test "what are no labels is refused" {
                use scalar = torch.tensor 1
                use cube = torch.zeros [| 2L; 2L; 2L |]

                let wrong: (obj * string) list =
                    [
                        "dog", "are a String"
                        3, "are a Int32"
                        scalar, "0 dimensions"
                        cube, "3 dimensions"
                        [ DateTime.Now ], "a DateTime"
                        [ [ 1; 2 ]; [ 3 ] ], "Level 1 has 1 labels"
                        ([ 1; [ 2 ] ]: obj list), "label 0 is a single value"
                        [ "a"; Unchecked.defaultof<string> ], "null"
                    ]

                for labels, text in wrong do
                    throws<ArgumentException> text (fun () -> Labels.ofBatch labels |> ignore)

                throws<ArgumentException> "Sample 1 has 1 levels" (fun () ->
                    Labels.ofDataset [ [ 1; 2 ]; [ 3 ] ] |> ignore)
            }

            test "classes of a data set" {
                Expect.equal (LabelMap.Classes [| "b"; "a"; "b" |]) [| 1L; 0L; 1L |] "strings"
                Expect.equal (LabelMap.Classes [| 7; 5 |]) [| 7L; 5L |] "integers"
                throws<ArgumentException> "2 levels" (fun () -> LabelMap.Classes(table [ [ 1; 2 ] ]) |> ignore)
            }

            test "reading and mapping leave no tensors" {
                use rows = torch.tensor (array2D [ [ 1L; 2L ]; [ 3L; 4L ] ])

                use first = torch.tensor [| 1L; 3L |]
                use second = torch.tensor [| 2L; 4L |]

                leavesNoTensors (fun () ->
                    processed rows true (one 1) rows |> ignore
                    processed null false HierarchyLevel.All [ first; second ] |> ignore)
            }
        ]
