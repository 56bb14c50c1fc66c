/// What no loss and no miner can take is an error that says so, and what is not finite never becomes a finite loss.
module MetricLearning.Core.Tests.Metric.InputTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let private labels () = vector EveryPart.packagedLabels

// A reference set where the loss takes one and no labels.
let private compute (loss: Loss) (rows: Tensor) (tuples: Tuples) =
    if loss.TakesLabels then
        loss.Compute(rows, labels (), tuples, null, null, seed)
    else
        let other: Tensor | null = if loss.TakesReferences then embeddings 2 12 else null
        loss.Compute(rows, null, tuples, other, null, seed)

let private broken (number: float) (row: int64) =
    let rows = embeddings 1 12
    rows[row].fill_(number.ToScalar()) |> ignore
    rows

let private ofOurs (error: exn) =
    error :? ArgumentException || error :? InvalidOperationException

let private isNoFiniteNumber (what: string) (act: unit -> Tensor) =
    let value =
        try
            number (act ())
        with error when ofOurs error ->
            nan

    Expect.isFalse (Double.IsFinite value) $"{what}: {value}"

let private notFinite (name: string, make: unit -> Loss) =
    test $"{name} of an embedding that is not finite" {
        for value in [ nan; infinity; -infinity ] do
            for row in [ 0L; 7L; 11L ] do
                using make (fun loss ->
                    isNoFiniteNumber $"{value} in row {row}" (fun () -> compute loss (broken value row) Tuples.All))

                for minerName, miner in EveryPart.miners do
                    using make (fun loss ->
                        if loss.TakesLabels && loss.TakesTuples then
                            isNoFiniteNumber $"{value} in row {row}, {minerName}" (fun () ->
                                let rows = broken value row
                                compute loss rows (miner().Mine(rows, labels (), null, null, seed))))
    }

let private notFiniteReference (name: string, make: unit -> Loss) =
    test $"{name} of a reference embedding that is not finite" {
        using make (fun loss ->
            if loss.TakesReferences then
                isNoFiniteNumber name (fun () ->
                    let given: Tensor | null = if loss.TakesLabels then labels () else null
                    loss.Compute(embeddings 1 12, given, Tuples.All, broken nan 3L, given, seed)))
    }

let private doors =
    [
        "whole numbers", (fun () -> torch.ones ([| 12L; 5L |], dtype = torch.int64)), "must be floating-point numbers"
        "one row without its dimension",
        (fun () -> embeddings 1 1 |> _.squeeze(0L)),
        "must be a matrix, one row a sample"
        "three dimensions", (fun () -> (embeddings 1 12).unsqueeze 0L), "must be a matrix, one row a sample"
    ]

let private refusesOf (name: string, make: unit -> Loss) =
    test $"{name} refuses what are no embeddings" {
        for _, rows, message in doors do
            using make (fun loss ->
                throws<ArgumentException> message (fun () -> compute loss (rows ()) Tuples.All |> ignore))
    }

let private refusesOfMiner (name: string, make: unit -> Miner) =
    test $"{name} refuses what are no embeddings, and finds nothing in nothing" {
        use _ = torch.NewDisposeScope()

        for _, rows, message in doors do
            throws<ArgumentException> message (fun () -> make().Mine(rows (), labels (), null, null, seed) |> ignore)

        throws<ArgumentException> "must be alike" (fun () ->
            make().Mine(embeddings 1 12, labels (), (embeddings 2 12).narrow(1L, 0L, 4L), labels (), seed)
            |> ignore)

        match make().Mine((embeddings 1 12).narrow(0L, 0L, 0L), vector [], null, null, seed) with
        | Tuples.All -> failtest "All"
        | Tuples.Pairs(a1, _, a2, _) -> Expect.equal (a1.size 0, a2.size 0) (0L, 0L) "pairs"
        | Tuples.Triplets(a, _, _) -> Expect.equal (a.size 0) 0L "triplets"
    }

let private tuplesOutside =
    let at = vector [ 0; 1 ]

    [
        "an anchor beyond",
        Tuples.Triplets(vector [ 0; 12 ], at, at),
        "anchors go from 0 to 12, but the batch has 12 rows"
        "a negative anchor", Tuples.Pairs(vector [ -1; 0 ], at, at, at), "anchors go from -1 to 1"
        "a positive beyond", Tuples.Pairs(at, vector [ 3; 700 ], at, at), "positives and negatives go from 0 to 700"
        "a negative below", Tuples.Triplets(at, at, vector [ 0; -1 ]), "positives and negatives go from -1 to 1"
        "int32", Tuples.Triplets(at.``to`` torch.int32, at, at), "must be int64 vectors"
        "a matrix", Tuples.Triplets(at.unsqueeze 0L, at, at), "must be int64 vectors"
        "other lengths", Tuples.Triplets(vector [ 0 ], at, at), "must be equally many"
        "null", Tuples.Triplets(Unchecked.defaultof<Tensor>, at, at), "must not be null"
    ]

let private refusesTuples (name: string, make: unit -> Loss) =
    test $"{name} refuses tuples that name no samples" {
        use _ = torch.NewDisposeScope()

        for what, tuples, message in tuplesOutside do
            using make (fun loss ->
                if loss.TakesLabels && loss.TakesTuples then
                    throws<ArgumentException> message (fun () -> compute loss (embeddings 1 12) tuples |> ignore))
    }

let private wild (tuples: Tuples) : Miner =
    { new Miner("Wild") with
        override _.MineTuples _ = tuples
    }

let tests =
    testList
        "inputs"
        [
            for loss in EveryPart.losses do
                notFinite loss
                notFiniteReference loss
                refusesOf loss
                refusesTuples loss

            for miner in EveryPart.miners do
                refusesOfMiner miner

            test "a miner of one's own, and a pool, are looked at" {
                use _ = torch.NewDisposeScope()
                let rows = embeddings 1 12

                for _, tuples, message in tuplesOutside do
                    throws<ArgumentException> message (fun () -> (wild tuples).Mine(rows, labels ()) |> ignore)

                    throws<ArgumentException> message (fun () ->
                        HDCMiner().MineWithin(tuples, rows, labels (), null, null, seed) |> ignore)
            }

            test "a memory's tuples by hand are of what it holds" {
                use _ = torch.NewDisposeScope()

                use memory =
                    Memories.inDouble (new CrossBatchMemory(new ContrastiveLoss(), 5, memorySize = 30))

                memory.Compute(embeddings 1 12, labels ()) |> ignore
                let at = vector [ 0; 1 ]
                let far = Tuples.Triplets(at, vector [ 14; 20 ], vector [ 2; 23 ])
                memory.Compute(embeddings 2 12, labels (), far) |> ignore

                throws<ArgumentException> "go from 0 to 30" (fun () ->
                    memory.Compute(embeddings 2 12, labels (), Tuples.Triplets(at, at, vector [ 0; 30 ]))
                    |> ignore)

                throws<ArgumentException> "go from 0 to 12" (fun () ->
                    memory.Compute(
                        embeddings 2 12,
                        labels (),
                        Tuples.Triplets(at, at, vector [ 0; 12 ]),
                        null,
                        null,
                        seed
                    )
                    |> ignore)
            }

            test "tuples of the library's miners are known to be in range, wherever they go" {
                use _ = torch.NewDisposeScope()
                let found = BatchHardMiner().Mine(embeddings 1 12, labels ())
                let isKnown (tuples: Tuples) = not (isNull (TupleRanges.find tuples))
                Expect.isTrue (isKnown found) "mined"
                Expect.isTrue (isKnown (TupleIndices.shift 12L found)) "shifted"

                throws<ArgumentException> "the batch has 6 rows" (fun () ->
                    using (fun () -> new ContrastiveLoss()) (fun loss ->
                        loss.Compute(embeddings 1 6, null, found) |> ignore))
            }
        ]
