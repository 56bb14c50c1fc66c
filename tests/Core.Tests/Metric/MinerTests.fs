module MetricLearning.Core.Tests.Metric.MinerTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.MinerCases

let private mineKnown (miner: Miner) =
    use _ = torch.NewDisposeScope()
    indices (miner.Mine(Known.x (), Known.y ()))

let private kind (kind: TypeOfTriplets) =
    TripletMarginMiner(typeOfTriplets = kind)

let private known =
    testList
        "as the reference"
        [
            test "BatchHard" {
                Expect.equal
                    (mineKnown (BatchHardMiner()))
                    [
                        [| 0; 1; 2; 3; 4; 5; 6 |]
                        [| 2; 2; 0; 4; 3; 6; 5 |]
                        [| 5; 7; 7; 6; 5; 4; 2 |]
                    ]
                    "triplets"
            }

            test "BatchEasyHard" {
                Expect.equal
                    (mineKnown (BatchEasyHardMiner()))
                    [
                        [| 0; 1; 2; 3; 4; 5 |]
                        [| 1; 0; 1; 4; 3; 6 |]
                        [| 0; 1; 2; 3; 4; 5 |]
                        [| 5; 5; 5; 5; 6; 2 |]
                    ]
                    "pairs"
            }

            test "Angular" {
                let mined = mineKnown (AngularMiner())
                Expect.hasLength mined[0] 52 "triplets"
            }

            test "HDC" {
                let mined = mineKnown (HDCMiner())
                Expect.hasLength mined[0] 5 "positive pairs"
                Expect.hasLength mined[3] 23 "negative pairs"
            }

            test "MultiSimilarity" {
                let mined = mineKnown (MultiSimilarityMiner())

                Expect.equal
                    (Array.zip mined[0] mined[1])
                    [| 0, 2; 1, 0; 1, 2; 2, 0; 2, 1; 3, 4; 4, 3; 5, 6; 6, 5 |]
                    "positive pairs"

                Expect.hasLength mined[3] 28 "negative pairs"
            }

            test "PairMargin" {
                Expect.equal
                    (mineKnown (PairMarginMiner()) |> List.map (Array.toList))
                    [
                        [ 0; 0; 1; 1; 2; 2; 3; 4; 5; 6 ]
                        [ 1; 2; 0; 2; 0; 1; 4; 3; 6; 5 ]
                        [ 2; 2; 3; 4; 5; 6; 6; 7 ]
                        [ 6; 7; 6; 5; 4; 2; 3; 2 ]
                    ]
                    "pairs"
            }

            test "TripletMargin" {
                Expect.equal
                    (mineKnown (kind TypeOfTriplets.Semihard))
                    [ [| 0; 0; 3; 3; 5; 5 |]; [| 1; 1; 4; 4; 6; 6 |]; [| 4; 5; 0; 5; 2; 7 |] ]
                    "semihard"

                Expect.hasLength (List.head (mineKnown (kind TypeOfTriplets.Hard))) 29 "hard"
            }
        ]

let private properties =
    testList
        "properties"
        [
            for name, make in miners do
                testPropertyWithConfig few $"{name}: what is chosen is what labels allow"
                <| fun (NonEmptyArray(codes: byte[])) (seed: int) ->
                    use _ = torch.NewDisposeScope()
                    let labels = classes codes
                    let mined = make().Mine(embeddings seed codes.Length, vector labels)
                    let same a b = labels[int a] = labels[int b]

                    let positives, negatives =
                        match indices mined with
                        | [ a1; p; a2; n ] -> Array.zip a1 p, Array.zip a2 n
                        | [ a; p; n ] -> Array.zip a p, Array.zip a n
                        | other -> failtest $"{other}"

                    Expect.all positives (fun (a, p) -> a <> p && same a p) "positives"
                    Expect.all negatives (fun (a, n) -> not (same a n)) "negatives"

                testPropertyWithConfig few $"{name}: nothing where no class has two, and where there is one class"
                <| fun (PositiveInt rows) (seed: int) ->
                    use _ = torch.NewDisposeScope()
                    let rows = min rows 12
                    let distinct = make().Mine(embeddings seed rows, vector [ 0L .. int64 rows - 1L ])
                    let alike = make().Mine(embeddings seed rows, vector (Seq.replicate rows 7L))
                    Expect.isEmpty (List.item 1 (indices distinct)) "no positive"
                    Expect.isEmpty (List.last (indices alike)) "no negative"

                testPropertyWithConfig few $"{name}: a reference set that is a copy, without labels, is the batch"
                <| fun (NonEmptyArray(codes: byte[])) (seed: int) ->
                    use _ = torch.NewDisposeScope()
                    let rows, labels = embeddings seed codes.Length, vector (classes codes)

                    Expect.equal
                        (indices (make().Mine(rows, labels, rows.clone (), null, RandomBatches.seed)))
                        (indices (make().Mine(rows, labels, null, null, RandomBatches.seed)))
                        "tuples"

            testPropertyWithConfig few "types of triplets part all triplets"
            <| fun (NonEmptyArray(codes: byte[])) (seed: int) ->
                use _ = torch.NewDisposeScope()
                let rows, labels = embeddings seed codes.Length, vector (classes codes)

                let mined (miner: Miner) =
                    match indices (miner.Mine(rows, labels)) with
                    | [ a; p; n ] -> Array.zip3 a p n
                    | other -> failtest $"{other}"

                let of' = kind >> mined
                let struct (a, p, n) = Tuples.allTriplets labels null
                let all = Array.zip3 (numbers a) (numbers p) (numbers n)

                let hard, semihard = of' TypeOfTriplets.Hard, of' TypeOfTriplets.Semihard

                Expect.equal
                    (Array.sort (Array.append hard semihard))
                    (of' TypeOfTriplets.All)
                    "violations are hard or semihard"

                Expect.equal
                    (Array.concat [ hard; semihard; of' TypeOfTriplets.Easy ] |> Array.sort)
                    all
                    "the rest is easy"
        ]

let private behaviour =
    testList
        "behaviour"
        [
            test "counts are recorded always, the rest if asked for" {
                use _ = torch.NewDisposeScope()
                let miner = TripletMarginMiner()
                miner.Mine(Known.x (), Known.y ()) |> ignore

                Expect.equal
                    [ for entry in miner.Stats -> entry.Key ]
                    [ "num_pos_pairs"; "num_neg_pairs"; "num_triplets" ]
                    "counts"

                let collecting = TripletMarginMiner(CollectStats = true)

                collecting.Mine(Known.x (), Known.y ()) |> ignore

                isNear
                    1e-12
                    collecting.Stats["avg_triplet_margin"]
                    (collecting.Stats["neg_pair_dist"] - collecting.Stats["pos_pair_dist"])
                    "averages go together"
            }

            test "records no gradient and disposes what it does not return" {
                use _ = torch.NewDisposeScope()
                let rows = Known.x().requires_grad_ true

                for _, make in miners do
                    let miner = make ()
                    let labels = Known.y ()

                    let mined =
                        withoutCollecting (fun () ->
                            let before = torch.Tensor.TotalCount
                            let mined = miner.Mine(rows, labels)
                            let more = torch.Tensor.TotalCount - before
                            Expect.isLessThanOrEqual more (int64 (indices mined).Length) "only the tuples live"
                            mined)

                    match mined with
                    | Tuples.Pairs(a, _, _, _)
                    | Tuples.Triplets(a, _, _) -> Expect.isFalse a.requires_grad "no gradient"
                    | Tuples.All -> failtest "mined everything"
            }

            test "without a dispose scope, the tuples are the caller's" {
                match TripletMarginMiner().Mine(Known.x (), Known.y ()) with
                | Tuples.Triplets(a, p, n) ->
                    Expect.isGreaterThan (numbers a).Length 0 "usable"
                    a.Dispose()
                    p.Dispose()
                    n.Dispose()
                | other -> failtest $"{other}"
            }

            test "a type of triplets that does not exist is an error" {
                throws<ArgumentException> "no type of triplets 9" (fun () -> mineKnown (kind (enum 9)) |> ignore)
            }
        ]

let tests = testList "miners" [ known; properties; testSequenced behaviour ]
