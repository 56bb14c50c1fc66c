module MetricLearning.Core.Tests.Data.OrderMistakes

open System
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Orders

let tests =
    testList
        "order mistakes"
        [
            test "orders without a full batch are refused" {
                throws<ArgumentException> "4 samples" (fun () -> DataOrder.shuffled 4L 5 |> ignore)
                throws<ArgumentException> "BatchSize is 0" (fun () -> DataOrder.shuffled 4L 0 |> ignore)

                throws<ArgumentException> "MPerClass" (fun () ->
                    DataOrder.sampled (MPerClassSampler([| 0L; 1L |], 1, Nullable(), 2L)) 3
                    |> ignore)

                throws<InvalidOperationException> "no full batch of 30" (fun () ->
                    DataOrder.sampled (Rotating 17L) 30 |> take 1 <| Cursor.start |> ignore)

                throws<InvalidOperationException> "no full batch of 3" (fun () ->
                    DataOrder.ofIndices [ 1L; 2L ] 3 |> take 1 <| Cursor.start |> ignore)

                throws<InvalidOperationException> "holds no batch" (fun () ->
                    DataOrder.ofBatches [] |> take 1 <| Cursor.start |> ignore)

                throws<InvalidOperationException> "is empty" (fun () ->
                    DataOrder.ofBatches [ [| 1L |]; [||] ] |> take 2 <| Cursor.start |> ignore)
            }

            test "a cursor of another order is refused" {
                let _, own = take 1 (DataOrder.ofIndices [ 0L .. 9L ] 3) Cursor.start
                let _, pure' = take 1 (DataOrder.shuffled 10L 3) Cursor.start

                throws<InvalidOperationException> "not made by the shuffled" (fun () ->
                    DataOrder.shuffled 10L 3 |> take 1 <| own |> ignore)

                throws<InvalidOperationException> "not made by the sequence of batches" (fun () ->
                    DataOrder.ofBatches [ [| 1L |] ] |> take 1 <| own |> ignore)

                throws<InvalidOperationException> "not made by" (fun () ->
                    DataOrder.ofIndices [ 0L .. 9L ] 3 |> take 1 <| pure' |> ignore)

                throws<InvalidOperationException> "ends before batch 9" (fun () ->
                    DataOrder.shuffled 10L 3 |> take 1 <| { Cursor.start with Taken = 9L } |> ignore)
            }

            test "numbers that no cursor wrote are refused" {
                for numbers in
                    [
                        [||]
                        [| 0L; 0L |]
                        [| 0L; 0L; 9L |]
                        [| 0L; -1L; 0L |]
                        [| 0L; 0L; 3L; 5L; 1L |]
                        [| 0L; 0L; 0L; 1L |]
                    ] do
                    throws<ArgumentException> "not a written position" (fun () -> Cursor.ofNumbers numbers |> ignore)
            }

            test "a sequence that throws does so again, and recovers" {
                let mutable healthy = false

                let own =
                    { new Sampler() with
                        member _.Pass(_, _) =
                            seq {
                                yield! [ 0L .. 3L ]

                                if not healthy then
                                    invalidOp "no luck"

                                yield! [ 4L .. 7L ]
                            }
                    }

                let order = DataOrder.sampled own 4
                throws<InvalidOperationException> "no luck" (fun () -> take 1 order Cursor.start |> ignore)
                throws<InvalidOperationException> "no luck" (fun () -> take 1 order Cursor.start |> ignore)
                healthy <- true
                Expect.equal (fst (take 2 order Cursor.start)) [ [| 0L .. 3L |]; [| 4L .. 7L |] ] "both batches"
            }
        ]
