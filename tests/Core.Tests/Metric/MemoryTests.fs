/// The loss that remembers earlier batches.
module MetricLearning.Core.Tests.Metric.MemoryTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.Memories

let private numbersOf =
    testList
        "numbers"
        [
            test "the same batch again and again: as the reference" {
                use _ = torch.NewDisposeScope()
                use loss = contrastive ()

                for _ in 1..3 do
                    isNear 1e-8 (number (loss.Compute(Known.x (), Known.y ()))) 2.01175970 "loss"

                Expect.equal loss.QueueIdx 8L "position"
                Expect.isTrue loss.HasBeenFilled "filled"
                Expect.equal (numbers loss.CurrBatchIdx) [| 0L .. 7L |] "where the batch lies"
            }

            testPropertyWithConfig few "pairs are of the batch with all that is remembered, itself excepted"
            <| fun (batches: PositiveInt) (number: int) ->
                use _ = torch.NewDisposeScope()
                let rowsOf batch = embeddings (number + batch) 5
                let labels = [| 0L; 0L; 1L; 2L; 1L |]

                use loss = new CrossBatchMemory(new ContrastiveLoss(), 5, memorySize = 13)

                loss.``to`` torch.float64 |> ignore
                // By hand: what the ring holds, place by place.
                let ring: (torch.Tensor * int64) option[] = Array.create 13 None
                let mutable next = 0

                for batch in 0 .. min 8 batches.Get do
                    let rows = rowsOf batch
                    let value = loss.Compute(rows, vector labels)

                    let places =
                        [|
                            for row in 0..4 do
                                let place = (next + row) % 13
                                ring[place] <- Some(rows[row], labels[row])
                                place
                        |]

                    next <- (next + 5) % 13
                    let held = ring |> Array.choose id
                    let references = torch.stack (Array.map fst held)

                    let pairs isPair =
                        [
                            for row in 0..4 do
                                for place in 0 .. held.Length - 1 do
                                    if isPair row place then
                                        int64 row, int64 place
                        ]
                        |> List.unzip

                    let a1, p =
                        pairs (fun row place -> labels[row] = snd held[place] && places[row] <> place)

                    let a2, n = pairs (fun row place -> labels[row] <> snd held[place])
                    isNear 1e-10 (RandomBatches.number value) (listed rows references (a1, p, a2, n)) $"batch {batch}"

            test "gradients go to the batch alone, and are derivatives" {
                use _ = torch.NewDisposeScope()

                let fresh () =
                    let loss = memoryOf (new MultiSimilarityLoss())
                    loss.Compute(other (), Known.y ()) |> ignore
                    loss

                use loss = fresh ()
                let rows = (Known.x ()).requires_grad_ true
                loss.Compute(rows, Known.y ()).backward()
                let along = LossGradients.direction rows

                // The copies in the memory are constants of the loss, so its derivative is taken with them held.
                let struct (memory, labels) =
                    struct (loss.Remembered("embedding_memory").clone(), loss.Remembered("label_memory").clone())

                use plain = new MultiSimilarityLoss()

                let value (at: torch.Tensor) =
                    let same = Tuples.matches (Known.y ()) labels
                    let own = torch.arange(8L, 16L).unsqueeze 1L
                    let same = same.scatter_ (1L, own, torch.zeros_like (own, dtype = torch.bool))
                    let struct (a1, p) = Tuples.places same
                    let struct (a2, n) = Tuples.places (Tuples.differs (Known.y ()) labels)
                    plain.Compute(at, Known.y (), Tuples.Pairs(a1, p, a2, n), memory, labels)

                isNear
                    1e-6
                    (number ((gradient rows * along).sum()))
                    (LossGradients.slopeAlong along value (rows.detach ()))
                    "derivative"
            }

            test "losses may be added before gradients are asked for, whatever the distance" {
                use _ = torch.NewDisposeScope()

                let distance = DotProductSimilarity(normalizeEmbeddings = false)

                use loss =
                    memoryOf (new ContrastiveLoss(posMargin = 1.0, negMargin = 0.0, Distance = distance))

                let rows = (Known.x ()).requires_grad_ true
                let first = loss.Compute(rows, Known.y ())
                let second = loss.Compute(rows, Known.y ())
                (first + second).backward()
                Expect.all (floats (gradient rows)) Double.IsFinite "gradient"
            }

            test "triplet losses take all triplets, however few they would draw" {
                use _ = torch.NewDisposeScope()

                let triplet perAnchor =
                    new TripletMarginLoss(tripletsPerAnchor = perAnchor)

                use all = memoryOf (triplet (Nullable()))
                use few = memoryOf (triplet (Nullable 1))

                for _ in 1..2 do
                    let value = number (all.Compute(Known.x (), Known.y ()))
                    Expect.isGreaterThan value 0.0 "there are triplets"
                    isNear 1e-12 (number (few.Compute(Known.x (), Known.y ()))) value "loss"
            }
        ]

let private tuples =
    testList
        "tuples"
        [
            test "of a trainer's miner move to where the batch lies" {
                use _ = torch.NewDisposeScope()

                let noMore =
                    { new Miner("Own") with
                        override _.MineTuples _ =
                            Tuples.Pairs(vector [], vector [], vector [], vector [])
                    }

                for given in
                    [
                        Known.pairs ()
                        Tuples.Triplets(vector [ 0; 3 ], vector [ 1; 4 ], vector [ 3; 5 ])
                    ] do
                    use loss = mining noMore 12

                    loss.Compute(other (), Known.y ()) |> ignore
                    // The batch lies around the end of the memory: at 8 to 11 and 0 to 3.
                    let value = trained loss (Known.x ()) (Known.y ()) given
                    Expect.equal (numbers loss.CurrBatchIdx) [| 8L; 9L; 10L; 11L; 0L; 1L; 2L; 3L |] "places"
                    use plain = new ContrastiveLoss()

                    isNear
                        1e-12
                        (number value)
                        (number (trained plain (Known.x ()) (Known.y ()) given))
                        "as in the batch"
            }

            test "by hand are rows of the memory" {
                use _ = torch.NewDisposeScope()

                let noMore =
                    { new Miner("Own") with
                        override _.MineTuples _ =
                            Tuples.Pairs(vector [], vector [], vector [], vector [])
                    }

                use loss = mining noMore 16
                loss.Compute(other (), Known.y ()) |> ignore
                let value = loss.Compute(Known.x (), Known.y (), Known.pairs ())

                isNear
                    1e-12
                    (number value)
                    (listed (Known.x ()) (other ()) ([ 0; 3 ], [ 1; 4 ], [ 0; 0 ], [ 3; 5 ]))
                    "loss"
            }

            test "of its own miner are without the batch's own copies" {
                use _ = torch.NewDisposeScope()

                let everything =
                    { new Miner("Own") with
                        override _.MineTuples input =
                            let struct (a1, p) = Tuples.places (input.Agrees())
                            let struct (a2, n) = Tuples.places (input.Differs())
                            Tuples.Pairs(a1, p, a2, n)
                    }

                use mined = mining everything 16
                use all = contrastive ()

                for rows in [ Known.x (); other (); Known.x () ] do
                    isNear
                        1e-12
                        (number (mined.Compute(rows, Known.y ())))
                        (number (all.Compute(rows, Known.y ())))
                        "loss"
            }
        ]

let tests =
    testList "memory" [ numbersOf; tuples; WarmUpTests.tests; MemoryMinerTests.tests ]
