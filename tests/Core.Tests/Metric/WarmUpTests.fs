/// The warm-up of a memory, its masks, and what it refuses.
module MetricLearning.Core.Tests.Metric.WarmUpTests

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

let tests =
    testList
        "warm-up, masks and forgetting"
        [
            test "in its warm-up it is the plain loss, while the memory fills" {
                use _ = torch.NewDisposeScope()

                use loss =
                    inDouble (new CrossBatchMemory(new ContrastiveLoss(), 4, memorySize = 16, warmUp = 1))

                use plain = new ContrastiveLoss()
                use cold = contrastive ()
                let x, y = Known.x (), Known.y ()
                isNear 1e-12 (number (loss.Compute(other (), y))) (number (plain.Compute(other (), y))) "warm"
                Expect.equal loss.QueueIdx 8L "it fills"
                cold.Compute(other (), y) |> ignore
                let against = number (cold.Compute(x, y))
                isNear 1e-12 (number (loss.Compute(x, y))) against "warmed up"
                Expect.notEqual against (number (plain.Compute(x, y))) "the memory counts"
            }

            test "what the mask has is remembered, the rest is compared with it" {
                use _ = torch.NewDisposeScope()
                use loss = contrastive ()
                let mask = torch.tensor [| true; true; false; true; false; false; false; false |]
                let value = loss.Compute(Known.x (), Known.y (), mask)
                Expect.equal loss.QueueIdx 3L "three"
                let queries = (Known.x ()).index_select(0L, vector [ 2; 4; 5; 6; 7 ])
                let references = (Known.x ()).index_select(0L, vector [ 0; 1; 3 ])

                let expected =
                    listed
                        queries
                        references
                        ([ 0; 0; 1 ],
                         [ 0; 1; 2 ],
                         [ 0; 1; 1; 2; 2; 2; 3; 3; 3; 4; 4; 4 ],
                         [ 2; 0; 1; 0; 1; 2; 0; 1; 2; 0; 1; 2 ])

                isNear 1e-12 (number value) expected "loss"
            }

            test "a mask without a true does not make the memory full" {
                use _ = torch.NewDisposeScope()
                use loss = contrastive ()
                let x = (Known.x ()).requires_grad_ true
                let value = loss.Compute(x, Known.y (), torch.zeros (8L, dtype = torch.bool))
                value.backward ()
                Expect.equal (number value) 0.0 "nothing to compare with"
                Expect.equal (number ((gradient x).abs().sum())) 0.0 "gradients of 0"
                Expect.isFalse loss.HasBeenFilled "not filled"
                let all = loss.Compute(x, Known.y (), torch.ones (8L, dtype = torch.bool))
                Expect.equal (number all) 0.0 "nothing to compare"
                Expect.equal loss.QueueIdx 8L "remembered"
            }

            test "forgets everything when it is reset" {
                use _ = torch.NewDisposeScope()

                use loss =
                    inDouble (new CrossBatchMemory(new ContrastiveLoss(), 4, memorySize = 16, warmUp = 1))


                let run () =
                    [
                        for rows in [ other (); Known.x (); other () ] -> number (loss.Compute(rows, Known.y ()))
                    ]

                let first = run ()
                Expect.isTrue loss.HasBeenFilled "filled"
                loss.ResetQueue()
                Expect.equal loss.QueueIdx 0L "position"
                Expect.isFalse loss.HasBeenFilled "not filled"
                Expect.equal (run ()) first "as if new"
            }

            for dtype in [ torch.float32; torch.bfloat16 ] do
                test $"{dtype}: the loss is of the embeddings' type, whatever the memory's" {
                    use _ = torch.NewDisposeScope()
                    use loss = contrastive ()
                    let rows = (Known.x ()).``to`` dtype
                    loss.Compute(rows, Known.y ()) |> ignore
                    let value = loss.Compute(rows, Known.y ())
                    Expect.equal value.dtype dtype "type"
                    isNear 2e-2 (number value) 2.01175970 "loss"
                }

            testSequenced // the count of live tensors is the process's
            <| test "no tensor is left behind" {
                use loss = contrastive ()
                let x, y = Known.x (), Known.y ()

                leavesNoTensors (fun () ->
                    use _ = torch.NewDisposeScope()
                    loss.Compute(x, y) |> ignore
                    loss.Compute(x, y, torch.arange(8L).lt(3.0.ToScalar())) |> ignore
                    loss.ResetQueue())
            }

            test "mistakes" {
                use _ = torch.NewDisposeScope()

                let refused message act =
                    throws<ArgumentException> message (fun () -> act () |> ignore)

                refused "takes no reference embeddings" (fun () -> memoryOf (new ArcFaceLoss(4, 4)))
                refused "takes no reference embeddings" (fun () -> memoryOf (contrastive ()))

                refused "at least one row" (fun () -> new CrossBatchMemory(new ContrastiveLoss(), 4, memorySize = 0))
                refused "warm-up" (fun () -> new CrossBatchMemory(new ContrastiveLoss(), 4, warmUp = -1))
                use loss = inDouble (new CrossBatchMemory(new ContrastiveLoss(), 4, memorySize = 7))

                let x, y = Known.x (), Known.y ()
                refused "larger memorySize" (fun () -> loss.Compute(x, y))
                refused "embeddings of 4 numbers" (fun () -> loss.Compute(embeddings 1 8, y))
                refused "remembers its own" (fun () -> loss.Compute(x, y, Tuples.All, x, y))
                refused "needs labels" (fun () -> loss.Compute(x, null, Known.pairs ()))
                refused "truth value" (fun () -> loss.Compute(x, y, torch.ones 8L))
                Expect.equal loss.QueueIdx 0L "nothing was remembered"
            }
        ]
