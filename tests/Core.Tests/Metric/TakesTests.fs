/// A loss says what it takes: labels, tuples, reference embeddings. It takes that and nothing else.
module MetricLearning.Core.Tests.Metric.TakesTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches

let private isTaken (make: unit -> Loss) labels tuples (references: (Tensor * Tensor | null) voption) =
    using make (fun loss ->
        try
            match references with
            | ValueNone -> loss.Compute(embeddings 1 12, labels, tuples) |> ignore
            | ValueSome(rows, refLabels) -> loss.Compute(embeddings 1 12, labels, tuples, rows, refLabels) |> ignore

            true
        with :? ArgumentException ->
            false)

let private losses =
    EveryPart.losses
    @ [
        "MultipleLosses with miners",
        (fun () -> new MultipleLosses([ new ContrastiveLoss() :> Loss ], miners = [ BatchHardMiner() :> Miner ]))
        "CrossBatchMemory of losses with miners",
        (fun () ->
            new CrossBatchMemory(
                new MultipleLosses([ new ContrastiveLoss() :> Loss ], miners = [ BatchHardMiner() :> Miner ]),
                5
            ))
        "MultipleLosses of views", (fun () -> new MultipleLosses([ new VICRegLoss() :> Loss ]))
    ]

let private refuses (message: string) (make: unit -> Loss) =
    Expectations.throws<ArgumentException> message (fun () -> make().Dispose())

let tests =
    testList
        "what losses take"
        [
            for name, make in losses do
                test name {
                    use _ = torch.NewDisposeScope()
                    let labels = vector EveryPart.packagedLabels
                    let tuples = BatchHardMiner().Mine(embeddings 1 12, labels)
                    let others = embeddings 2 12

                    let takesLabels, takesTuples, takesReferences =
                        using make (fun loss -> loss.TakesLabels, loss.TakesTuples, loss.TakesReferences)

                    Expect.equal (isTaken make labels Tuples.All ValueNone) takesLabels "labels"
                    Expect.equal (isTaken make labels tuples ValueNone) (takesLabels && takesTuples) "tuples"

                    Expect.equal
                        (isTaken make labels Tuples.All (ValueSome(others, labels)))
                        (takesLabels && takesReferences)
                        "references"

                    if not takesLabels then
                        let references =
                            if takesReferences then
                                ValueSome(others, null)
                            else
                                ValueNone

                        Expect.isTrue (isTaken make null Tuples.All references) "neither labels nor tuples"
                        Expect.isFalse (isTaken make null tuples references) "tuples without labels"
                }

            test "what does not go together is refused where it is made" {
                refuses "PNPLoss, takes no tuples" (fun () ->
                    new MultipleLosses([ new PNPLoss() :> Loss ], miners = [ BatchHardMiner() :> Miner ]))

                refuses "VICRegLoss takes no labels and ContrastiveLoss does" (fun () ->
                    new MultipleLosses([ new VICRegLoss() :> Loss; new ContrastiveLoss() ]))

                refuses "VICRegLoss cannot be given a memory: it takes no labels" (fun () ->
                    new CrossBatchMemory(new VICRegLoss(), 5))

                refuses "leave out the miner of the memory, or those of the loss" (fun () ->
                    new CrossBatchMemory(
                        new MultipleLosses([ new ContrastiveLoss() :> Loss ], miners = [ BatchHardMiner() :> Miner ]),
                        5,
                        miner = BatchHardMiner()
                    ))
            }
        ]
