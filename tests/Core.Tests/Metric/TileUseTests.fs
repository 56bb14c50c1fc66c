/// Tiles within everything around a loss: memories, statistics, types of numbers, scopes.
module MetricLearning.Core.Tests.Metric.TileUseTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.TileCases
open MetricLearning.Core.Tests.Metric.TileTests

// Two calls, so that the memory holds another batch, too.
let private remembered (make: unit -> Loss) (memory: int64) (tuples: Tuples) : Outcome =
    let wrapped () : Loss =
        let inner = make ()
        inner.MaxMemory <- memory
        new CrossBatchMemory(inner, 5, memorySize = 32)

    outcome wrapped { alone with Tuples = tuples } (fun loss input ->
        loss.Compute(embeddings 9 11, input.Labels, Tuples.All) |> ignore)

let private statisticsOf (memory: int64) : float list =
    use _ = torch.NewDisposeScope()
    let distance = LpDistance(CollectStats = true)
    let reducer = AvgNonZeroReducer(CollectStats = true)

    use loss =
        new ContrastiveLoss(MaxMemory = memory, Distance = distance, Reducer = reducer, CollectStats = true)

    loss.Compute((embeddings 5 11).requires_grad_ true, vector alone.Labels).backward()

    [
        for part in loss.Reducer.ByPart.Values do
            yield! part.Stats.Values

        yield! distance.Stats.Values
        yield! loss.Stats.Values
    ]

let tests =
    testList
        "around tiles"
        [
            for name, make in losses do
                use loss = make ()

                if loss.TakesReferences then
                    let mined =
                        if loss.TakesTuples then
                            [ alone.Tuples; batches[4].Tuples ]
                        else
                            [ alone.Tuples ]

                    test $"{name}: against a memory" {
                        for tuples in mined do
                            let expected, found =
                                remembered make Int64.MaxValue tuples, remembered make 3000L tuples

                            Expect.isTrue (areAlike expected found) $"{found}, not {expected}"
                    }

            test "statistics are those of the whole batch" {
                for found, expected in List.zip (statisticsOf 1L) (statisticsOf Int64.MaxValue) do
                    isNear 1e-12 found expected "a statistic"
            }

            test "without gradients there is a value alone" {
                use _ = torch.NewDisposeScope()
                use _ = torch.no_grad ()

                let value (memory: int64) =
                    use loss = new NTXentLoss(MaxMemory = memory)
                    loss.Compute(embeddings 5 11, vector alone.Labels)

                isNear 1e-12 (number (value 1L)) (number (value Int64.MaxValue)) "value"
                Expect.isFalse (value 1L).requires_grad "no graph"
            }

            test "numbers that are not finite show" {
                for broken in [ nan; infinity ] do
                    use _ = torch.NewDisposeScope()
                    let rows = embeddings 5 11
                    rows[3L, 1L] <- torch.tensor broken
                    use loss = new ContrastiveLoss(MaxMemory = 1L)
                    Expect.isFalse (Double.IsFinite(number (loss.Compute(rows, vector alone.Labels)))) "the loss"
            }

            for dtype in [ torch.float32; torch.float16; torch.bfloat16 ] do
                test $"{dtype}: about the same" {
                    let of' (memory: int64) =
                        use _ = torch.NewDisposeScope()
                        use loss = new ContrastiveLoss(MaxMemory = memory)
                        let rows = (embeddings 5 11).``to``(dtype).detach().requires_grad_ true
                        loss.Compute(rows, vector alone.Labels).backward()
                        number ((gradient rows).``to``(torch.float64).abs().sum())

                    isNear 0.02 (of' 1L) (of' Int64.MaxValue) "gradient"
                }

            testSequenced (
                test "no tensor outlives its scope" {
                    let kept = [ for _, make in losses -> make () ]

                    for loss in kept do
                        loss.MaxMemory <- 1L

                        Expectations.leavesNoTensors (fun () ->
                            use _ = torch.NewDisposeScope()
                            let rows = (embeddings 2 8).``to``(torch.float32).requires_grad_ true
                            loss.Compute(rows, Known.y () % 4L).backward()
                            loss.zero_grad ())

                        loss.Dispose()
                }
            )
        ]
