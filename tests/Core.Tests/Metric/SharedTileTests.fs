/// A loss whose tiles several processes share is the loss, in each of them.
module MetricLearning.Core.Tests.Metric.SharedTileTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.ThreadProcesses
open MetricLearning.Core.Tests.Support.TileCases
open MetricLearning.Core.Tests.Metric.TileTests

let private shared (processes: int) (anchors: int64) (make: unit -> Loss) (batch: Batch) : Outcome list =
    // What they draw at construction would depend on the order of threads.
    let made = [| for _ in 1..processes -> make () |]

    asProcesses processes (fun processes ->
        let compute act =
            TileTeam.Sharing(processes, (fun () -> processes.Meeting.Together act))

        outcomeBy compute (fun () -> made[processes.Rank]) batch (fun loss input ->
            loss.MaxMemory <- memoryFor anchors loss input))

let private same (processes: int) (anchors: int64) (make: unit -> Loss) =
    for batch in batches do
        if suits make batch then
            let expected = whole make batch
            let found = shared processes anchors make batch

            for outcome in found do
                Expect.isTrue (areAlike expected outcome) $"{batch.Name}: {outcome}, not {expected}"

            Expect.allEqual (List.map string found) (string found[0]) "the same bits"

/// Anchors of class 1 have a second value, and where there is none of them, there is no second part.
type private UnevenLoss() =
    inherit Loss("UnevenLoss")
    override _.AnchorsAreIndependent = true

    override _.ComputeLoss input =
        let values = input.Embeddings.square().sum(1L)
        let some = input.RequireLabels().eq(1L.ToScalar()).nonzero().squeeze 1L

        [|
            ElementsOf.Rows("all", values)
            if some.size 0 > 0L then
                ElementsOf.Rows("some", values.index_select (0L, some), some)
            else
                ElementsOf.Nothing("some", input.Embeddings)
        |]

let tests =
    testList
        "shared tiles"
        [
            for name, make in losses do
                for processes, anchors in [ 2, 3L; 3, 1L ] do
                    test $"{name}, {processes} processes: as whole" { same processes anchors make }

            // One sum that has a gradient, several, rows made tile by tile before, classes instead of anchors.
            for loss, make in losses do
                if List.contains loss [ "NTXent"; "Contrastive"; "LiftedStructure"; "ArcFace" ] then
                    for reducer, reduce in reducers do
                        test $"{loss}, {reducer}: as whole" {
                            same 2 1L (fun () ->
                                let loss = make ()
                                loss.Reducer <- reduce ()
                                loss)
                        }

            test "processes that find other parts in their tiles compute all of them" {
                same 2 1L (fun () -> new UnevenLoss())
                same 3 1L (fun () -> new UnevenLoss(Reducer = SumReducer()))
            }

            test "each process computes its share of the tiles" {
                let anchors (processes: int) =
                    asProcesses processes (fun processes ->
                        use _ = torch.NewDisposeScope()
                        let mutable seen = 0L

                        use loss =
                            { new Loss("Counted") with
                                override _.AnchorsAreIndependent = true

                                override _.ComputeLoss input =
                                    seen <- seen + input.Embeddings.size 0
                                    [| ElementsOf.Rows("loss", input.Embeddings.sum 1L) |]
                            }

                        loss.MaxMemory <- 1L

                        TileTeam.Sharing(
                            processes,
                            fun () -> loss.Compute(embeddings 5 12, torch.zeros (12L, dtype = torch.int64))
                        )
                        |> ignore

                        seen)

                // One of them is seen by all.
                Expect.equal (anchors 1) [ 12L ] "alone"
                Expect.equal (anchors 3) [ 5L; 5L; 5L ] "of three"
            }

            test "what fails in a tile of one process fails in all" {
                let messages =
                    asProcesses 2 (fun processes ->
                        use _ = torch.NewDisposeScope()

                        use loss =
                            { new Loss("Failing") with
                                override _.AnchorsAreIndependent = true

                                override _.ComputeLoss input =
                                    if input.RequireLabels().eq(7L.ToScalar()).any().item<bool>() then
                                        invalidOp "broken"

                                    [| ElementsOf.Rows("loss", input.Embeddings.sum 1L) |]
                            }

                        loss.MaxMemory <- 1L

                        try
                            processes.Meeting.Together(fun () ->
                                TileTeam.Sharing(
                                    processes,
                                    fun () -> loss.Compute(embeddings 5 4, vector [ 0; 0; 0; 7 ])
                                ))
                            |> ignore

                            "nothing"
                        with error ->
                            error.Message)

                Expect.equal messages [ "Process 2 of 2 failed: broken"; "broken" ] "messages"
            }
        ]
