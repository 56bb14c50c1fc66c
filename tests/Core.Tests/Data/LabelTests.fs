module MetricLearning.Core.Tests.Data.LabelTests

open System
open System.Collections.Generic
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.LabelCases

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

            testPropertyWithConfig Checked.config "ranks are those among the distinct labels, whatever the kind"
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
                throws<ArgumentException> "give DatasetLabels" (fun () ->
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
                throws<ArgumentException> "DatasetLabels has 1 level(s)" (fun () ->
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
