module MetricLearning.Core.Tests.Metric.TupleTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let private pairsOf (struct (a1, p, a2, n): struct (torch.Tensor * torch.Tensor * torch.Tensor * torch.Tensor)) =
    Array.zip (numbers a1) (numbers p), Array.zip (numbers a2) (numbers n)

let private tripletsOf (struct (a, p, n): struct (torch.Tensor * torch.Tensor * torch.Tensor)) =
    Array.zip3 (numbers a) (numbers p) (numbers n)

let private positivePairs (labels: int64[]) =
    [|
        for a in 0 .. labels.Length - 1 do
            for p in 0 .. labels.Length - 1 do
                if a <> p && labels[a] = labels[p] then
                    int64 a, int64 p
    |]

let private negativePairs (labels: int64[]) =
    [|
        for a in 0 .. labels.Length - 1 do
            for n in 0 .. labels.Length - 1 do
                if labels[a] <> labels[n] then
                    int64 a, int64 n
    |]

let private always = lazy seed

let private conversions =
    testList
        "conversions"
        [
            testPropertyWithConfig few "all pairs are those that labels say, row by row"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = classes codes
                let positive, negative = pairsOf (Tuples.allPairs (vector labels) null)
                Expect.equal positive (positivePairs labels) "positive"
                Expect.equal negative (negativePairs labels) "negative"

            testPropertyWithConfig few "with reference labels, a sample may be its own positive"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = vector (classes codes)
                let positive, _ = pairsOf (Tuples.allPairs labels (labels.clone ()))
                let among, _ = pairsOf (Tuples.allPairs labels null)
                Expect.hasLength positive (among.Length + codes.Length) "each sample matches itself as well"

            testPropertyWithConfig few "all triplets are the positive pairs with the negatives of their anchor"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = classes codes
                let made = tripletsOf (Tuples.allTriplets (vector labels) null)

                let expected =
                    [|
                        for a, p in positivePairs labels do
                            for b, n in negativePairs labels do
                                if a = b then
                                    a, p, n
                    |]

                Expect.equal made expected "triplets"

            testPropertyWithConfig few "triplets of all pairs are all triplets"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = vector (classes codes)
                let struct (a1, p, a2, n) = Tuples.allPairs labels null

                Expect.equal
                    (tripletsOf (Tuples.tripletsOfPairs a1 p a2 n))
                    (tripletsOf (Tuples.allTriplets labels null))
                    "triplets"

            testPropertyWithConfig few "what is in a form already stays as it is"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = vector (classes codes)
                let struct (a1, p, a2, n) as pairs = Tuples.allPairs labels null
                let struct (a, tp, tn) as triplets = Tuples.allTriplets labels null

                Expect.equal (pairsOf (Tuples.toPairs labels null (Tuples.Pairs(a1, p, a2, n)))) (pairsOf pairs) "pairs"

                Expect.equal
                    (tripletsOf (Tuples.toTriplets (Nullable()) always labels null (Tuples.Triplets(a, tp, tn))))
                    (tripletsOf triplets)
                    "triplets"

            testPropertyWithConfig few "unique label pairs: one for each label that has a pair, the first"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = classes codes
                let struct (a, p) = Tuples.uniqueLabelPairs (vector labels) null Tuples.All

                let expected =
                    positivePairs labels |> Array.distinctBy (fun (anchor, _) -> labels[int anchor])

                Expect.equal (Array.zip (numbers a) (numbers p)) expected "pairs"

            test "weights count how often a sample is taken, relative to the most frequent" {
                use _ = torch.NewDisposeScope()

                let weights =
                    Tuples.toWeights 8L true (torch.zeros (1L, dtype = torch.float64)) (Known.pairs ())

                let expected = [| 1.0; 1.0 / 3.0; 0.0; 2.0 / 3.0; 1.0 / 3.0; 1.0 / 3.0; 0.0; 0.0 |]
                Expect.equal (floats weights) expected "weights"
            }

            test "weights are 1 where nothing is taken, and count anchors only with a reference set" {
                use _ = torch.NewDisposeScope()
                let like = torch.zeros (1L, dtype = torch.float64)
                let nothing = vector []

                Expect.equal
                    (floats (Tuples.toWeights 2L true like (Tuples.Triplets(nothing, nothing, nothing))))
                    [| 1.0; 1.0 |]
                    "nothing"

                Expect.equal
                    (floats (Tuples.toWeights 4L false like (Known.pairs ())))
                    [| 1.0; 0.0; 0.0; 1.0 / 3.0 |]
                    "anchors 0, 3, 0, 0"
            }

            test "positives and negatives move to other places, anchors do not" {
                use _ = torch.NewDisposeScope()

                let places = vector [ 10; 11; 12; 13; 4; 5 ]

                match TupleIndices.moveTo places (Known.pairs ()) with
                | Tuples.Pairs(a1, p, a2, n) ->
                    Expect.equal
                        [ numbers a1; numbers p; numbers a2; numbers n ]
                        [ [| 0; 3 |]; [| 11; 4 |]; [| 0; 0 |]; [| 13; 5 |] ]
                        "pairs"
                | other -> failtest $"{other}"

                match TupleIndices.moveTo places (Tuples.Triplets(vector [ 1 ], vector [ 2 ], vector [ 3 ])) with
                | Tuples.Triplets(a, p, n) ->
                    Expect.equal [ numbers a; numbers p; numbers n ] [ [| 1 |]; [| 12 |]; [| 13 |] ] "triplets"
                | other -> failtest $"{other}"
            }

            test "self comparisons leave positives, or whole triplets" {
                use _ = torch.NewDisposeScope()
                let places = vector [ 7; 8; 9 ]
                let a, p, n = vector [ 0; 1; 2 ], vector [ 7; 9; 9 ], vector [ 3; 4; 5 ]

                match TupleIndices.withoutOwn places (Tuples.Triplets(a, p, n)) with
                | Tuples.Triplets(a, p, n) ->
                    Expect.equal [ numbers a; numbers p; numbers n ] [ [| 1 |]; [| 9 |]; [| 4 |] ] "triplets"
                | other -> failtest $"{other}"

                match TupleIndices.withoutOwn places (Tuples.Pairs(a, p, a, n)) with
                | Tuples.Pairs(a1, p, a2, n) ->
                    Expect.equal
                        [ numbers a1; numbers p; numbers a2; numbers n ]
                        [ [| 1 |]; [| 9 |]; [| 0; 1; 2 |]; [| 3; 4; 5 |] ]
                        "pairs"
                | other -> failtest $"{other}"
            }

            test "indices that do not go together are refused" {
                use _ = torch.NewDisposeScope()

                throws<ArgumentException> "there are 2 and 1" (fun () ->
                    Tuples.check (Tuples.Triplets(vector [ 0; 1 ], vector [ 1 ], vector [ 2; 2 ])))

                throws<ArgumentException> "int64 vectors" (fun () ->
                    Tuples.check (Tuples.Triplets(torch.zeros 2L, vector [ 1; 1 ], vector [ 2; 2 ])))
            }
        ]

let tests = testList "tuples" [ conversions; RandomTripletTests.random ]
