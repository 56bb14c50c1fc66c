/// Losses made of losses, and losses that compare two views.
module MetricLearning.Core.Tests.Metric.SeveralTests

open System
open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let private triplets () : Loss = new TripletMarginLoss()

let private pairs () : Loss = new ContrastiveLoss()

let private hard () : Miner = BatchHardMiner()

let private several =
    testList
        "several losses"
        [
            test "are weighted and added, each on its miner's tuples" {
                use _ = torch.NewDisposeScope()
                let x, y = Known.x (), Known.y ()
                use first = triplets ()
                use second = pairs ()

                let expected =
                    0.5 * number (first.Compute(x, y, (hard ()).Mine(x, y)))
                    + 2.0 * number (second.Compute(x, y))

                use sum =
                    new MultipleLosses(
                        [ triplets (); pairs () ],
                        ([| hard (); null |]: (Miner | null)[]),
                        [| 0.5; 2.0 |]
                    )

                isNear 1e-12 (number (sum.Compute(x, y))) expected "loss"

                throws<ArgumentException> "miners of its own" (fun () -> sum.Compute(x, y, Known.pairs ()) |> ignore)
            }

            test "have names, and what they learn has too" {
                use sum =
                    new MultipleLosses(
                        dict [ "far", triplets (); "face", new ArcFaceLoss(3, 5) ]
                        |> Dictionary<string, Loss>
                    )

                sum.``to`` torch.float64 |> ignore

                Expect.equal
                    [
                        for struct (name, parameter) in sum.named_parameters () -> name, parameter.dtype
                    ]
                    [ "losses.face.W", torch.float64 ]
                    "state"
            }

            test "all mistakes are told together" {
                let losses = [| triplets (); pairs () |]

                let refused (messages: string list) (act: unit -> MultipleLosses) =
                    for message in messages do
                        throws<ArgumentException> message (fun () -> act () |> ignore)

                refused [ "2 losses and 1 miners"; "2 losses and 3 weights" ] (fun () ->
                    new MultipleLosses(losses, [| null |], [| 1.0; 2.0; 3.0 |]))

                refused [ "at least one loss" ] (fun () -> new MultipleLosses(Array.empty<Loss>))
                refused [ "finite number" ] (fun () -> new MultipleLosses(losses, weights = [| 1.0; nan |]))

                let named (names: string list) =
                    let all = Dictionary<string, Loss>()

                    for name in names do
                        all[name] <- pairs ()

                    all

                let weights = Dictionary(dict [ "a", 1.0; "c", 1.0 ])
                let miners = Dictionary(dict [ "d", hard () ])

                refused
                    [
                        "a miner for \"d\", but the losses are a, b"
                        "a weight for \"c\""
                        "\"b\" has no weight"
                    ]
                    (fun () -> new MultipleLosses(named [ "a"; "b" ], miners, weights))

                refused [ "must not be empty or contain a dot" ] (fun () -> new MultipleLosses(named [ "a.b" ]))
            }

            test "take a memory if all of them do" {
                use _ = torch.NewDisposeScope()
                use memory = new CrossBatchMemory(new MultipleLosses([ triplets (); pairs () ]), 4)

                memory.``to`` torch.float64 |> ignore
                use alone = new CrossBatchMemory(pairs (), 4)
                use other = new CrossBatchMemory(triplets (), 4)

                let value (loss: Loss) =
                    number (loss.Compute((Known.x ()).``float``(), Known.y ()))

                alone.``to`` torch.float64 |> ignore
                other.``to`` torch.float64 |> ignore
                isNear 1e-6 (value memory) (value alone + value other) "loss"

                throws<ArgumentException> "takes no reference embeddings" (fun () ->
                    new CrossBatchMemory(new MultipleLosses([ pairs (); new ArcFaceLoss(4, 4) ]), 4)
                    |> ignore)
            }
        ]

let private views (loss: Loss) (one: torch.Tensor) (other: torch.Tensor | null) =
    loss.Compute(one, null, Tuples.All, other, null, seed)

let private x () = (Known.x ()).narrow(0L, 0L, 5L)

let private checkSlopes (name: string) (loss: Loss) =
    use _ = torch.NewDisposeScope()

    let one, other =
        (embeddings 3 6).requires_grad_ true, (embeddings 4 6).requires_grad_ true

    (views loss one other).backward()
    let along = LossGradients.direction one

    isNear
        1e-5
        (number ((gradient one * along).sum()))
        (LossGradients.slopeAlong along (fun at -> views loss at (other.detach ())) (one.detach ()))
        $"{name}: gradient"

    isNear
        1e-5
        (number ((gradient other * along).sum()))
        (LossGradients.slopeAlong along (fun at -> views loss (one.detach ()) at) (other.detach ()))
        $"{name}: gradient of the other view"

let private twoViews =
    testList
        "two views"
        [
            test "SelfSupervised: as the reference" {
                use _ = torch.NewDisposeScope()
                use symmetric = new SelfSupervisedLoss(new NTXentLoss())
                use oneSided = new SelfSupervisedLoss(new NTXentLoss(), symmetric = false)
                isNear 1e-8 (number (views symmetric (x ()) (Known.r ()))) 5.53563420 "symmetric"
                isNear 1e-8 (number (views oneSided (x ()) (Known.r ()))) 2.65596208 "one-sided"
                checkSlopes "symmetric" symmetric
                checkSlopes "one-sided" oneSided
            }

            test "VICReg: as the reference" {
                use _ = torch.NewDisposeScope()
                use loss = new VICRegLoss()
                isNear 1e-8 (number (views loss (x ()) (Known.r ()))) 29.32589703 "loss"
                checkSlopes "VICReg" loss
            }

            for name, make in
                [
                    "SelfSupervisedLoss", (fun () -> new SelfSupervisedLoss(pairs ()) :> Loss)
                    "VICRegLoss", (fun () -> new VICRegLoss())
                ] do
                test $"{name}: labels, tuples and other shapes are refused" {
                    use _ = torch.NewDisposeScope()
                    use loss = make ()

                    let refused (message: string) (act: unit -> torch.Tensor) =
                        throws<ArgumentException> message (act >> ignore)

                    refused $"{name} takes no labels" (fun () -> loss.Compute(Known.x (), Known.y ()))
                    refused $"{name} takes no tuples" (fun () -> loss.Compute(Known.x (), null, Known.pairs ()))
                    refused "8 × 4, the reference embeddings 5 × 4" (fun () -> views loss (Known.x ()) (Known.r ()))
                }

                test $"{name}: few rows, equal rows and narrow types are finite" {
                    use _ = torch.NewDisposeScope()
                    use loss = make ()

                    for what, one, other in
                        [
                            "one row", embeddings 1 1, embeddings 2 1
                            "two rows", embeddings 1 2, embeddings 2 2
                            "equal rows", torch.ones (4L, 3L), torch.ones (4L, 3L)
                            "zeros", torch.zeros (4L, 3L), torch.zeros (4L, 3L)
                            "one number", torch.randn (4L, 1L), torch.randn (4L, 1L)
                            "bfloat16", (torch.randn (6L, 3L)).bfloat16(), (torch.randn (6L, 3L)).bfloat16()
                        ] do
                        let one, other = one.requires_grad_ true, other
                        let value = views loss one other
                        value.backward ()
                        Expect.isTrue (Double.IsFinite(number value)) $"{what}: {number value}"
                        Expect.equal value.dtype one.dtype what
                        Expect.all (floats (gradient one)) Double.IsFinite what
                }

            test "SelfSupervised: refuses losses to which classes mean more, and needs the other view" {
                use _ = torch.NewDisposeScope()

                for loss in [ new MarginLoss() :> Loss; new ArcFaceLoss(3, 4) ] do
                    throws<ArgumentException> "SelfSupervisedLoss cannot work with" (fun () ->
                        new SelfSupervisedLoss(loss) |> ignore)

                use loss = new SelfSupervisedLoss(pairs ())
                throws<ArgumentException> "needs refEmbeddings" (fun () -> views loss (x ()) null |> ignore)
            }
        ]

let tests = testList "several" [ several; twoViews ]
