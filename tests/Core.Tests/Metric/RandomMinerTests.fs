/// Miners that choose by chance.
module MetricLearning.Core.Tests.Metric.RandomMinerTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let private mine (miner: Miner) (rows: torch.Tensor) (labels: torch.Tensor) (seed: int64) : int64[] list =
    use _ = torch.NewDisposeScope()

    match miner.Mine(rows, labels, null, null, Seed.ofInt64 seed) with
    | Tuples.All -> []
    | Tuples.Pairs(a1, p, a2, n) -> [ numbers a1; numbers p; numbers a2; numbers n ]
    | Tuples.Triplets(a, p, n) -> [ numbers a; numbers p; numbers n ]

let tests =
    testList
        "by chance"
        [
            // Others draw from that generator meanwhile.
            testSequenced
            <| test "choices are a function of the seed, and leave libtorch's generator alone" {
                use _ = torch.NewDisposeScope()
                let rows, labels = embeddings 1 16, vector [ for row in 0L .. 15L -> row % 4L ]

                for make in
                    [
                        (fun () -> DistanceWeightedMiner() :> Miner)
                        (fun () -> UniformHistogramMiner())
                    ] do
                    let before = torch.random.get_rng_state () |> numbers
                    Expect.equal (mine (make ()) rows labels 5L) (mine (make ()) rows labels 5L) "one seed"

                    let found =
                        List.distinct [ for seed in 1L .. 10L -> mine (make ()) rows labels seed ]

                    Expect.hasLength found 10 "many seeds"
                    Expect.equal (torch.random.get_rng_state () |> numbers) before "libtorch's generator"
            }

            testPropertyWithConfig few "DistanceWeighted: every anchor as often as its class has members"
            <| fun (NonEmptyArray(codes: byte[])) (number: int) ->
                use _ = torch.NewDisposeScope()
                let labels = Array.append [| 0L; 0L; 1L |] (classes codes)

                // Every negative is near enough.
                let miner = DistanceWeightedMiner(nonzeroLossCutoff = 3.0)

                let sizes = labels |> Array.countBy id |> Map.ofArray
                let hasOthers = sizes.Count > 1

                let expected =
                    [|
                        for row in 0 .. labels.Length - 1 do
                            if sizes[labels[row]] > 1 && hasOthers then
                                yield! Array.replicate sizes[labels[row]] (int64 row)
                    |]

                match mine miner (embeddings number labels.Length) (vector labels) 3L with
                | [ a; p; _ ] ->
                    Expect.equal a expected "anchors"
                    Expect.all (Array.zip a p) (fun (a, p) -> a <> p) "positives"
                | other -> failtest $"{other}"

            test "DistanceWeighted: positives are drawn alike, negatives by their weights" {
                use _ = torch.NewDisposeScope()
                // One class, and three others at distances on the circle.
                let angles = [| 0.0; 5.0; 10.0; 30.0; 40.0; 60.0 |]

                let rows =
                    float64(
                        [|
                            for degrees in angles do
                                cos (degrees * Math.PI / 180.0)
                                sin (degrees * Math.PI / 180.0)
                        |]
                    )
                        .reshape(6L, 2L)

                let labels = vector [ 0; 0; 0; 1; 2; 3 ]
                let miner = DistanceWeightedMiner()

                let weights =
                    let matrix = LpDistance().Matrix(rows, null)

                    miner.Weights(2L, matrix, Tuples.differs labels null) |> floats

                let drawn =
                    [ for seed in 1L .. 400L -> mine (DistanceWeightedMiner()) rows labels seed ]
                    |> List.collect (function
                        | [ a; p; n ] -> List.zip3 (List.ofArray a) (List.ofArray p) (List.ofArray n)
                        | other -> failtest $"{other}")
                    |> List.filter (fun (a, _, _) -> a = 0L)

                let share (hits: (int64 * int64 * int64) -> bool) =
                    float (List.length (List.filter hits drawn)) / float drawn.Length

                Expect.isLessThan (abs (share (fun (_, p, _) -> p = 1L) - 0.5)) 0.08 "positives"
                let total = Seq.sum (Seq.take 6 weights)

                for n in 3..5 do
                    Expect.isLessThan
                        (abs (share (fun (_, _, chosen) -> chosen = int64 n) - weights[n] / total))
                        0.08
                        $"negative {n}"
            }

            test "DistanceWeighted: negatives that are too far away are never chosen" {
                use _ = torch.NewDisposeScope()
                let rows, labels = embeddings 2 20, [| for row in 0L .. 19L -> row % 5L |]

                let matrix = LpDistance().Matrix(rows, null) |> floats

                for seed in 1L .. 20L do
                    match mine (DistanceWeightedMiner()) rows (vector labels) seed with
                    | [ a; _; n ] -> Expect.all (Array.zip a n) (fun (a, n) -> matrix[int (20L * a + n)] < 1.4) "near"
                    | other -> failtest $"{other}"
            }

            testPropertyWithConfig few "UniformHistogram: so many pairs from each bin that has any"
            <| fun (NonEmptyArray(codes: byte[])) (number: int) (PositiveInt bins) ->
                use _ = torch.NewDisposeScope()
                let bins = min bins 20

                let labels = Array.append [| 0L; 0L; 1L; 1L |] (classes codes)
                let rows, labels = embeddings number labels.Length, vector labels
                let size = labels.size 0

                let matrix = LpDistance().Matrix(rows, null) |> floats

                let at (a, b) = matrix[int (size * a + b)]
                let struct (a1, p, a2, n) = Tuples.allPairs labels null

                let check (what: string) perBin (all: (int64 * int64)[]) (chosen: (int64 * int64)[]) =
                    let low, high = all |> Array.map at |> Array.min, all |> Array.map at |> Array.max
                    // Far from the edges of bins, so that rounding does not count.
                    let bin pair =
                        min ((at pair - low) / (high - low) * float bins) (float bins - 1e-7)

                    let near (value: float) = abs (value - round value) < 1e-6

                    if high > low then
                        let filled =
                            all
                            |> Array.map bin
                            |> Array.filter (near >> not)
                            |> Array.map floor
                            |> Array.distinct

                        let counts = chosen |> Array.map bin |> Array.countBy floor |> Map.ofArray

                        if
                            all
                            |> Array.forall (fun pair -> not (near (bin pair)) || at pair = low || at pair = high)
                        then
                            for place in filled do
                                Expect.isGreaterThanOrEqual counts[place] perBin $"{what}, bin {place}"

                        Expect.equal (chosen.Length % perBin) 0 what

                match mine (UniformHistogramMiner(bins, posPerBin = 3, negPerBin = 2)) rows labels 4L with
                | [ ca1; cp; ca2; cn ] ->
                    check "positives" 3 (Array.zip (numbers a1) (numbers p)) (Array.zip ca1 cp)
                    check "negatives" 2 (Array.zip (numbers a2) (numbers n)) (Array.zip ca2 cn)
                | other -> failtest $"{other}"

            test "UniformHistogram: options that make no sense are errors" {
                throws<ArgumentException> "at least one bin" (fun () -> UniformHistogramMiner(numBins = 0) |> ignore)
            }
        ]
