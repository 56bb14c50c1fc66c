/// A memory compares the batch with what it holds, and never with itself: where it holds nothing else, it is the batch alone.
module MetricLearning.Core.Tests.Metric.MemoryMinerTests

open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.EveryPart

let private rows = 12

/// A miner that keeps what another one chose.
type private Watched(miner: Miner) =
    inherit Miner("Watched")

    member val Chosen = Tuples.All with get, set

    override this.MineTuples input =
        let found = miner.MineTuples input

        this.Chosen <- TupleIndices.shift 0L found |> Tuples.map _.DetachFromDisposeScope()

        found

// Positives and negatives as rows of the batch, which lies at `places` of the memory; a pair or triplet a line, in any order.
let private lines (places: int64[]) (tuples: Tuples) =
    let row place =
        int64 (Array.findIndex ((=) place) places)

    let pairs (a: Tensor) (b: Tensor) =
        Array.zip (numbers a) (Array.map row (numbers b)) |> Array.sort

    match tuples with
    | Tuples.All -> [||], [||], [||]
    | Tuples.Pairs(a1, p, a2, n) -> pairs a1 p, pairs a2 n, [||]
    | Tuples.Triplets(a, p, n) ->
        [||],
        [||],
        Array.zip3 (numbers a) (Array.map row (numbers p)) (Array.map row (numbers n))
        |> Array.sort

// The losses that a memory can be given.
let private remembered =
    losses
    |> List.filter (fun (name, make) ->
        using make _.TakesReferences
        && name <> "SelfSupervisedLoss"
        && name <> "VICRegLoss")

// A memory that holds the batch alone, after `before` rows, so that its place in the ring is any.
let private holding (before: int) (loss: Loss) (miner: Miner | null) =
    let memory =
        Memories.inDouble (new CrossBatchMemory(loss, 5, memorySize = rows, miner = miner))

    if before > 0 then
        memory.Compute(embeddings 99 before, vector (List.truncate before packagedLabels))
        |> ignore

    memory

// Whole triplets, fewer than the memory holds; none where the loss remembers by itself.
let private beginning (loss: string) (number: PositiveInt) =
    if loss = "DynamicSoftMarginLoss" then
        0
    else
        number.Get % 4 * 3

let private labels () = vector packagedLabels

let private lawOf (lossName: string, loss: unit -> Loss) (minerName: string, miner: unit -> Miner) =
    testPropertyWithConfig { few with maxTest = 6 } $"{lossName} with {minerName}"
    <| fun (number: int) (before: PositiveInt) ->
        use _ = torch.NewDisposeScope()
        let before = beginning lossName before
        let batch = embeddings number rows

        let ofBatch = miner().Mine(batch, labels ())

        let alone =
            using loss (fun loss -> RandomBatches.number (loss.Compute(batch, labels (), ofBatch, null, null, seed)))

        let watched = Watched(miner ())
        use memory = holding before (loss ()) watched
        let given = batch.clone().requires_grad_ true
        let value = memory.Compute(given, labels (), Tuples.All, null, null, seed)
        value.backward ()

        Expect.equal
            (lines (numbers memory.CurrBatchIdx) watched.Chosen)
            (lines [| 0L .. int64 rows - 1L |] ofBatch)
            "tuples"

        isNear 1e-10 (RandomBatches.number value) alone "value"

        // The rows in the memory are constants.
        if lossName <> "NCALoss" && lossName <> "LiftedStructureLoss" then
            let anchors = batch.clone().requires_grad_ true

            using loss (fun loss -> loss.Compute(anchors, labels (), ofBatch, batch, labels (), seed).backward())

            let apart = RandomBatches.number ((gradient given - gradient anchors).abs().max())
            Expect.isLessThan apart 1e-10 "gradient"

let private withoutMiner (name: string, make: unit -> Loss) =
    testPropertyWithConfig { few with maxTest = 6 } $"{name} without a miner"
    <| fun (number: int) (before: PositiveInt) ->
        use _ = torch.NewDisposeScope()
        let batch = embeddings number rows
        use memory = holding (beginning name before) (make ()) null

        let alone =
            using make (fun loss -> RandomBatches.number (loss.Compute(batch, labels (), Tuples.All, null, null, seed)))

        isNear
            1e-10
            (RandomBatches.number (memory.Compute(batch, labels (), Tuples.All, null, null, seed)))
            alone
            "value"

let private later =
    [
        for name, miner in steadyMiners do
            test $"{name} chooses no sample's own copy among those of earlier batches" {
                use _ = torch.NewDisposeScope()
                let first, second = embeddings 1 rows, embeddings 2 rows
                let watched = Watched(miner ())

                use memory =
                    Memories.inDouble (
                        new CrossBatchMemory(new ContrastiveLoss(), 5, memorySize = 2 * rows, miner = watched)
                    )

                memory.Compute(first, labels ()) |> ignore
                memory.Compute(second, labels ()) |> ignore

                let isOwn (a: int64) (p: int64) = p = a + int64 rows

                match watched.Chosen with
                | Tuples.Pairs(a1, p, _, _)
                | Tuples.Triplets(a1, p, _) ->
                    Expect.isNonEmpty (numbers a1) "something is chosen"

                    Expect.isFalse (Array.exists2 isOwn (numbers a1) (numbers p)) "no sample is its own positive"
                | Tuples.All -> failtest "All"
            }
    ]

let tests =
    testList
        "the batch alone"
        [
            for loss in remembered do
                withoutMiner loss

                for miner in steadyMiners do
                    lawOf loss miner

            yield! later

            test "easy positives of a batch that comes twice are others, and the loss is not 0" {
                use _ = torch.NewDisposeScope()
                use memory = holding 0 (new TripletMarginLoss(margin = 0.3)) (BatchEasyHardMiner())
                Expect.isGreaterThan (RandomBatches.number (memory.Compute(embeddings 3 rows, labels ()))) 0.0 "loss"
            }

            test "a miner in a sum of losses knows the batch's own rows as well" {
                use _ = torch.NewDisposeScope()

                let sum () =
                    new MultipleLosses([ new ContrastiveLoss() :> Loss ], miners = [ BatchEasyHardMiner() :> Miner ])

                let batch = embeddings 4 rows
                use memory = holding 5 (sum ()) null

                isNear
                    1e-10
                    (RandomBatches.number (memory.Compute(batch, labels ())))
                    (using sum (fun loss -> RandomBatches.number (loss.Compute(batch, labels ()))))
                    "loss"
            }

            test "packaged triplets are none where the batch is torn into queries and rows of the memory" {
                use _ = torch.NewDisposeScope()

                use memory =
                    holding 0 (new TripletMarginLoss()) (EmbeddingsAlreadyPackagedAsTriplets())

                let enqueue = torch.arange(12L).ge(torch.tensor 3L)

                throws<System.InvalidOperationException> "give the CrossBatchMemory another miner" (fun () ->
                    memory.Compute(embeddings 5 rows, labels (), enqueue) |> ignore)
            }
        ]
