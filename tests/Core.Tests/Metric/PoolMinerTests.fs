/// Miners that go on where another stopped, and batches that are triplets already.
module MetricLearning.Core.Tests.Metric.PoolMinerTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let private hdc part = HDCMiner(filterPercentage = part)

let private within (miner: PoolMiner) (pool: Tuples) (rows: torch.Tensor) (labels: torch.Tensor) =
    match miner.MineWithin(pool, rows, labels, null, null, seed) with
    | Tuples.Pairs(a1, p, a2, n) -> Array.zip (numbers a1) (numbers p), Array.zip (numbers a2) (numbers n)
    | other -> failtest $"{other}"

let private pairs (chosen: (int64 * int64)[]) =
    chosen |> Array.map fst |> vector, chosen |> Array.map snd |> vector

let tests =
    testList
        "pools"
        [
            testPropertyWithConfig few "HDC: a chain of two halves keeps the hardest quarter of the pairs"
            <| fun (NonEmptyArray(codes: byte[])) (batch: int) ->
                use _ = torch.NewDisposeScope()
                let labels = Array.append [| 0L; 0L; 1L |] (classes codes) |> vector
                let rows = embeddings batch (int (labels.size 0))
                let all = within (hdc 1.0) Tuples.All rows labels
                let half = within (hdc 0.5) Tuples.All rows labels
                let a1, p = pairs (fst half)
                let a2, n = pairs (snd half)
                let quarter = within (hdc 0.5) (Tuples.Pairs(a1, p, a2, n)) rows labels
                let part count = (count + 1) / 2

                let normal = torch.nn.functional.normalize rows

                let far (i: int64, j: int64) = number ((normal[i] - normal[j]).norm())

                for kind in [ fst; snd ] do
                    Expect.equal (kind half).Length (part (kind all).Length) "half"
                    Expect.equal (kind quarter).Length (part (kind half).Length) "quarter"

                    // Pairs that are equally hard may change places.
                    Array.iter2
                        (fun one other -> isNear 1e-12 (far one) (far other) "hardest first")
                        (kind quarter)
                        (Array.truncate (kind quarter).Length (kind half))

                let easiest = fst half |> Array.map far |> Array.min

                for pair in Array.except (fst half) (fst all) do
                    Expect.isLessThanOrEqual (far pair) (easiest + 1e-9) "the farthest positives"

                if (snd half).Length > 0 then
                    let easiest = snd half |> Array.map far |> Array.max

                    for pair in Array.except (snd half) (snd all) do
                        Expect.isGreaterThanOrEqual (far pair) (easiest - 1e-9) "the nearest negatives"

            test "HDC: triplets are their pairs, and a pool stays as it is" {
                use _ = torch.NewDisposeScope()
                let a, p, n = vector [ 0; 3 ], vector [ 1; 4 ], vector [ 5; 7 ]

                let positives, negatives =
                    within (hdc 1.0) (Tuples.Triplets(a, p, n)) (Known.x ()) (Known.y ())

                Expect.equal (Array.sort positives) [| 0L, 1L; 3L, 4L |] "positives"
                Expect.equal (Array.sort negatives) [| 0L, 5L; 3L, 7L |] "negatives"
                Expect.equal (numbers a) [| 0L; 3L |] "the pool"
            }

            test "HDC: a part is a number from 0 to 1" {
                throws<ArgumentException> "from 0 to 1; it is 1.5" (fun () -> hdc 1.5 |> ignore)
                use _ = torch.NewDisposeScope()
                Expect.equal (within (hdc 0.0) Tuples.All (Known.x ()) (Known.y ())) ([||], [||]) "nothing"
            }

            test "packaged triplets are taken as they come" {
                use _ = torch.NewDisposeScope()
                let miner = EmbeddingsAlreadyPackagedAsTriplets()

                match miner.Mine(embeddings 1 6, vector [ 9; 9; 9; 9; 9; 9 ]) with
                | Tuples.Triplets(a, p, n) ->
                    Expect.equal
                        [ numbers a; numbers p; numbers n ]
                        [ [| 0L; 3L |]; [| 1L; 4L |]; [| 2L; 5L |] ]
                        "triplets"
                | other -> failtest $"{other}"

                match miner.Mine(torch.zeros (0L, 4L), vector []) with
                | Tuples.Triplets(a, p, n) -> Expect.equal (a.size 0, p.size 0, n.size 0) (0L, 0L, 0L) "none of none"
                | other -> failtest $"{other}"

                throws<ArgumentException> "A batch of 7 embeddings is not made of triplets" (fun () ->
                    miner.Mine(embeddings 1 7, vector [ 0; 0; 0; 0; 0; 0; 0 ]) |> ignore)
            }
        ]
