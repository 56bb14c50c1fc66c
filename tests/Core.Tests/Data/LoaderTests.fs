module MetricLearning.Core.Tests.Data.LoaderTests

open System
open System.Threading
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Loading

let tests =
    testSequenced
    <| testList
        "loader"
        [
            test "the number of workers changes nothing" {
                for make in orders do
                    use alone = loader (samples -1L) (make ()) 0
                    let expected = run alone 17 Cursor.start

                    for workers in 1..4 do
                        use several = loader (samples -1L) (make ()) workers
                        Expect.equal (run several 17 Cursor.start) expected $"{workers} workers"
            }

            testPropertyWithConfig Checked.config "any cursor may be asked for at any time"
            <| fun (visits: NonNegativeInt list) (NonNegativeInt workers) ->
                use alone = loader (samples -1L) (orders[0]()) 0

                let path =
                    Cursor.start :: (run alone 15 Cursor.start |> List.map _.After) |> List.toArray

                use several = loader (samples -1L) (orders[0]()) (workers % 5)

                visits
                |> List.truncate 8
                |> List.forall (fun (NonNegativeInt visit) ->
                    let cursor = path[visit % path.Length]
                    run several 2 cursor = run alone 2 cursor)

            test "another seed at the same cursor is another batch" {
                use several = loader (samples -1L) (orders[0]()) 2
                use alone = loader (samples -1L) (orders[0]()) 0

                for number in [ 1L; 2L; 1L ] do
                    use one =
                        several.Fetch(Seed.ofInt64 number, Cursor.start, CancellationToken.None).Batch

                    use other =
                        alone.Fetch(Seed.ofInt64 number, Cursor.start, CancellationToken.None).Batch

                    Expect.equal one.Indices other.Indices $"seed {number}"
                    Expect.equal (floats one.Data[0]) (floats other.Data[0]) $"seed {number}"
            }

            test "a sample that comes again has other chance" {
                use loader = loader (samples -1L) (DataOrder.ofBatches [ [| 7L |]; [| 7L |] ]) 0
                let seen = run loader 4 Cursor.start
                Expect.equal (seen |> List.map (fun seen -> seen.Data[0])) [ 7.0; 7.0; 7.0; 7.0 ] "the sample"
                Expect.equal (seen |> List.distinctBy (fun seen -> seen.Data[1])).Length 4 "in each batch and pass"
            }

            test "a broken sample fails its own batch alone, whole and named" {
                for workers in [ 0; 1; 3 ] do
                    for broken in [ 0L; 5L; 13L; 39L ] do
                        use loader =
                            loader (samples broken) (DataOrder.ofIndices [ 0L .. count - 1L ] 8) workers
                        // An order of the user's is drawn first, so that cursors can be told beforehand.
                        let start = loader.Order.Draw(seed, Cursor.start)

                        for batch in 0L .. 4L do
                            let cursor = { start with Taken = batch }

                            if broken / 8L = batch then
                                for _ in 1..2 do
                                    Expect.throwsC (fun () -> fetch loader cursor |> ignore) (fun error ->
                                        Expect.isTrue (error :? InvalidOperationException) $"{error}"
                                        Expect.stringContains error.Message $"sample {broken} of the data set" "named"
                                        let inner = nonNull error.InnerException
                                        Expect.isTrue (inner :? FormatException) "the original"
                                        Expect.stringContains (nonNull inner.StackTrace) "samples" "its stack")
                            else
                                Expect.equal (fetch loader cursor).Indices[0] (8L * batch) $"batch {batch}"
            }

            test "a pass of the user's is not drawn ahead" {
                let mutable drawn = 0

                let own =
                    seq {
                        drawn <- drawn + 1
                        yield! [ 0L .. 9L ]
                    }

                use loader = loader (samples -1L) (DataOrder.ofIndices own 2) 4
                run loader 4 Cursor.start |> ignore
                Expect.equal drawn 1 "inside the pass"
                let last = (run loader 5 Cursor.start |> List.last)
                Expect.isTrue last.EndsPass "the pass is used up"
                Expect.isTrue (drawn <= 2) "each pass once"
                let before = drawn
                fetch loader last.After |> ignore
                Expect.equal drawn (before + 1) "drawn when asked for"
            }

            test "errors of the order come when their batch is asked for" {
                let sampler =
                    { new Sampler() with
                        member _.Pass(_, pass) =
                            seq {
                                yield! [ 0L .. 3L ]

                                if pass = 1L then
                                    invalidOp "second pass"
                            }
                    }

                use loader = loader (samples -1L) (DataOrder.sampled sampler 2) 2
                let last = run loader 2 Cursor.start |> List.last
                throws<InvalidOperationException> "second pass" (fun () -> run loader 2 last.After |> ignore)
                Expect.equal (fetch loader Cursor.start).Indices [| 0L; 1L |] "the first pass still works"
            }

            test "tensor data sets are read on the caller's thread" {
                use data = torch.rand [| 20L; 3L |]

                use loader =
                    loader (TrainingData.FromTensors(data, [| 0..19 |])) (DataOrder.shuffled 20L 5) 4

                let threads () =
                    System.Diagnostics.Process.GetCurrentProcess().Threads.Count

                let expected = run loader 3 Cursor.start
                use alone = loader
                Expect.equal (run alone 3 Cursor.start) expected "the same"
                Expect.isTrue loader.Source.IsCheap "cheap"
                Expect.isTrue (threads () > 0) "threads"
            }

            test "no tensor is left, whenever it is disposed" {
                for workers in [ 0; 1; 3 ] do
                    for batches in [ 0; 1; 5 ] do
                        leavesNoTensors (fun () ->
                            use loader = loader (samples -1L) (orders[0]()) workers
                            run loader batches Cursor.start |> ignore)
            }

            test "no tensor is left after errors, rewinds and rests" {
                for workers in [ 0; 2 ] do
                    leavesNoTensors (fun () ->
                        use loader = loader (samples 17L) (orders[0]()) workers

                        for _ in 1..3 do
                            try
                                run loader 7 Cursor.start |> ignore
                            with :? InvalidOperationException ->
                                ()

                        loader.Rest())
            }

            test "what is prepared is bounded by the queue" {
                let read = ref 0L

                let dataset =
                    TrainingData.FromSamples(
                        count,
                        fun index _ ->
                            Interlocked.Increment &read.contents |> ignore
                            struct (torch.tensor [| float32 index |], index % 4L)
                    )

                use loader = loader dataset (DataOrder.shuffled count 8) 2
                let before = liveTensors ()
                let mutable cursor = Cursor.start

                for fetched in 1L .. 12L do
                    cursor <- (fetch loader cursor).After
                    // Four batches of eight wait or are being made.
                    let full = 8L * (fetched + 4L)
                    Expect.isTrue (eventually (fun () -> Volatile.Read &read.contents >= full)) "prepared ahead"
                    // Two tensors a batch, and what two batches are being made of.
                    Expect.isTrue (torch.Tensor.TotalCount - before <= 8L + 2L * 16L) "bounded"
                    Expect.equal (Volatile.Read &read.contents) full "samples read"
            }

            test "a negative number of workers is refused" {
                throws<ArgumentException> "dataloaderNumWorkers is -1" (fun () ->
                    loader (samples -1L) (orders[0]()) -1 |> ignore)
            }
        ]
