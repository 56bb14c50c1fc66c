/// Callers that wait for a loader: cancelled, or left by it.
module MetricLearning.Core.Tests.Data.LoaderWaits

open System
open System.Threading
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Loading

let tests =
    testSequenced
    <| testList
        "waiting for the loader"
        [
            test "a cancelled wait loses nothing" {
                use asked = new ManualResetEventSlim false
                use gate = new ManualResetEventSlim false
                let dataset = gated asked gate
                use loader = loader dataset (DataOrder.shuffled count 4) 2
                use cancelling = new CancellationTokenSource()

                let cancel =
                    Thread(fun () ->
                        asked.Wait()
                        cancelling.Cancel())

                cancel.Start()

                Expect.throwsT<OperationCanceledException>
                    (fun () -> loader.Fetch(seed, Cursor.start, cancelling.Token) |> ignore)
                    "cancelled"

                cancel.Join()
                gate.Set()

                use alone =
                    new Loader(BatchSource.ofDataset Reading.Default dataset, DataOrder.shuffled count 4, 0)

                Expect.equal (run loader 5 Cursor.start) (run alone 5 Cursor.start) "as if nothing had been"

                throws<OperationCanceledException> "" (fun () ->
                    loader.Fetch(seed, Cursor.start, CancellationToken true) |> ignore)
            }

            test "disposing wakes a waiting caller" {
                use asked = new ManualResetEventSlim false
                use gate = new ManualResetEventSlim false
                let loader = loader (gated asked gate) (DataOrder.shuffled count 4) 1
                let mutable outcome: exn | null = null

                let waiting =
                    Thread(fun () ->
                        try
                            loader.Fetch(seed, Cursor.start, CancellationToken.None) |> ignore
                        with error ->
                            outcome <- error)

                waiting.Start()
                asked.Wait()
                // Nobody but the loader can make it wait, and it has no other reason than the batch.
                Expect.isTrue (eventually (fun () -> waiting.ThreadState.HasFlag ThreadState.WaitSleepJoin)) "it waits"
                let disposing = Thread(fun () -> (loader :> IDisposable).Dispose())
                disposing.Start()
                Expect.isTrue (waiting.Join 60_000) "the caller is awake"
                Expect.isTrue (outcome :? ObjectDisposedException) $"{outcome}"
                gate.Set()
                Expect.isTrue (disposing.Join 60_000) "disposed"
                (loader :> IDisposable).Dispose()
                throws<ObjectDisposedException> "" (fun () -> fetch loader Cursor.start |> ignore)
            }

            test "a data set may dispose its own loader" {
                let mutable loader: Loader | null = null

                let dataset =
                    TrainingData.FromSamples(
                        count,
                        fun index _ ->
                            if index = 7L then
                                match loader with
                                | null -> ()
                                | loader -> (loader :> IDisposable).Dispose()

                            struct (float32 index, 0)
                    )

                let made =
                    new Loader(BatchSource.ofDataset Reading.Default dataset, DataOrder.ofIndices [ 0L .. 39L ] 4, 1)

                loader <- made
                throws<ObjectDisposedException> "" (fun () -> run made 6 Cursor.start |> ignore)
            }
        ]
