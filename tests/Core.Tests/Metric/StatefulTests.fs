/// Losses that rewrite their weights, learn proxies without classes, or know outliers.
module MetricLearning.Core.Tests.Metric.StatefulTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Metric.HistogramTests

let private p2sGrad =
    testList
        "P2SGrad"
        [
            test "as the reference, and its weights have length 1 afterwards" {
                use _ = torch.NewDisposeScope()
                use loss = new P2SGradLoss(4, 4)
                loss.``to`` torch.float64 |> ignore
                let weight = nonNull (loss.get_parameter "weight")

                withoutGradients (fun () -> weight.copy_ (Known.w 4 4) |> ignore)

                let value, slope = valueAndSlope loss (Known.x ()) (Known.y ()) Tuples.All None
                isNear 1e-7 value 0.58732299 "loss"
                isNear 1e-6 slope 0.55728805 "gradient"

                Expect.all
                    (floats (torch.linalg.vector_norm (weight, 2.0, [| 0L |])))
                    (fun length -> abs (length - 1.0) < 1e-6)
                    "lengths"

                Expect.isTrue loss.RewritesParameters "it says so"
            }

            test "the gradient is the derivative, once the weights have length 1" {
                use _ = torch.NewDisposeScope()
                use loss = drawn (new P2SGradLoss(5, 4))
                loss.``to`` torch.float64 |> ignore
                let labels = vector [ 0; 1; 2; 3; 0; 1 ]
                let rows = (embeddings 1 6).requires_grad_ true
                loss.Compute(rows, labels).backward()
                let along = LossGradients.direction rows

                isNear
                    1e-5
                    (number ((gradient rows * along).sum()))
                    (LossGradients.slopeAlong along (fun at -> loss.Compute(at, labels)) (rows.detach ()))
                    "gradient"
            }

            test "zero rows and narrow types are finite, tuples are refused" {
                use _ = torch.NewDisposeScope()
                use loss = new P2SGradLoss(4, 4)

                for dtype in [ torch.float32; torch.bfloat16; torch.float64 ] do
                    let rows =
                        torch.cat ([| (Known.x ()).``to`` dtype; torch.zeros (1L, 4L, dtype = dtype) |], 0L)

                    let rows = rows.detach().requires_grad_ true
                    let value = loss.Compute(rows, vector [ 0; 0; 0; 1; 1; 2; 2; 3; 3 ])
                    value.backward ()
                    Expect.equal value.dtype dtype "type"
                    Expect.all (floats (gradient rows)) Double.IsFinite "gradient"

                throws<ArgumentException> "takes no tuples" (fun () ->
                    loss.Compute((Known.x ()).``float``(), Known.y (), Known.pairs ()) |> ignore)
            }
        ]

let private manifold =
    let make () = new ManifoldLoss(4, k = 3)

    let value (loss: ManifoldLoss) (rows: torch.Tensor) (metaClasses: int64 seq) =
        loss.Compute(rows, null, vector metaClasses)

    testList
        "manifold"
        [
            test "as the reference" {
                using (fun () -> drawn (make ())) (fun loss ->
                    withoutGradients (fun () ->
                        (nonNull (loss.get_parameter "proxies")).copy_((Known.w 4 3).t()) |> ignore)

                    isNear 1e-5 (number (value loss (Known.x ()) [ 0; 1; 2; 0; 1; 2; 0; 1 ])) 0.97148781 "loss")
            }

            test "random proxies follow the seed, each taken once before any is taken again" {
                for count in [ 2L; 3L; 9L ] do
                    let drawn = MetaClasses.draw 3 count seed
                    Expect.equal drawn (MetaClasses.draw 3 count seed) "one seed"
                    let first = Array.truncate 3 drawn
                    Expect.equal (Array.distinct first) first "different"
                    Expect.all drawn (fun proxy -> proxy >= 0L && proxy < 3L) "proxies"

                Expect.notEqual (MetaClasses.draw 3 30L seed) (MetaClasses.draw 3 30L (Seed.ofInt64 2L)) "another seed"
            }

            test "the gradient is the derivative" {
                using (fun () -> drawn (make ())) (fun loss ->
                    let rows = (Known.x ()).requires_grad_ true
                    let classes = [ 0L; 1; 2; 0; 1; 2; 0; 1 ]
                    (value loss rows classes).backward()
                    let along = LossGradients.direction rows

                    isNear
                        1e-5
                        (number ((gradient rows * along).sum()))
                        (LossGradients.slopeAlong along (fun at -> value loss at classes) (rows.detach ()))
                        "gradient")
            }

            test "equal rows, one row and narrow types are finite" {
                use _ = torch.NewDisposeScope()
                use loss = make ()

                for what, rows in
                    [
                        "equal rows", torch.ones (4L, 4L)
                        "zeros", torch.zeros (4L, 4L)
                        "one row", torch.randn (1L, 4L)
                        "bfloat16", (torch.randn (5L, 4L)).bfloat16()
                    ] do
                    let rows = rows.requires_grad_ true
                    let value = loss.Compute(rows, null, Tuples.All, null, null, seed)
                    value.backward ()
                    Expect.equal value.dtype rows.dtype what
                    Expect.isTrue (Double.IsFinite(number value)) what
                    Expect.all (floats (gradient rows)) Double.IsFinite what
            }

            test "mistakes" {
                use _ = torch.NewDisposeScope()
                use loss = make ()
                let x = (Known.x ()).``float``()

                let refused message (act: unit -> obj) =
                    throws<ArgumentException> message (fun () -> act () |> ignore)

                refused "takes neither labels" (fun () -> loss.Compute(x, Known.y ()))
                refused "takes no tuples" (fun () -> loss.Compute(x, null, Known.pairs ()))
                refused "embeddings of 4 numbers" (fun () -> loss.Compute(torch.ones (3L, 5L), null, Tuples.All))
                refused "from 0 to 2" (fun () -> value loss x [ 0; 1; 2; 3; 0; 0; 0; 0 ])
                refused "vector of 8 whole numbers" (fun () -> value loss x [ 0; 1 ])
                refused "alpha" (fun () -> new ManifoldLoss(4, alpha = 1.0))
                refused "lambdaC" (fun () -> new ManifoldLoss(4, lambdaC = -1.0))
            }
        ]

let private outliers =
    testList
        "sub-centres"
        [
            test "outliers are far from the centre that most of their class are near" {
                use _ = torch.NewDisposeScope()
                use loss = new SubCenterArcFaceLoss(2, 2, subCenters = 2)
                loss.``to`` torch.float64 |> ignore

                let angle degrees =
                    [| cos (degrees * Math.PI / 180.0); sin (degrees * Math.PI / 180.0) |]

                let rowsAt angles =
                    float64(Array.collect angle angles).reshape(-1L, 2L)
                // Class 0 has centres at 0° and 90°, class 1 at 180° and 270°.
                let weights = (rowsAt [| 0.0; 90.0; 180.0; 270.0 |]).t()
                let rows = rowsAt [| 170.0; 5.0; 95.0; 10.0; 265.0; 190.0; 350.0 |]
                let labels = vector [ 1; 0; 0; 0; 1; 1; 0 ]

                withoutGradients (fun () -> (nonNull (loss.get_parameter "W")).copy_ weights |> ignore)

                let struct (far, dominant) = loss.GetOutliers(rows, labels)
                Expect.equal (numbers far) [| 2L; 4L |] "class by class"
                Expect.equal (floats dominant) (floats (weights.index_select (1L, vector [ 0; 2 ]))) "0° and 180°"
                let struct (all, _) = loss.GetOutliers(rows, labels, 7.0)
                Expect.equal (numbers all) [| 2L; 3L; 6L; 0L; 4L; 5L |] "a smaller threshold"
            }

            test "a class is as near as the nearest of its centres" {
                use _ = torch.NewDisposeScope()
                use loss = drawn (new SubCenterArcFaceLoss(4, 5))
                loss.``to`` torch.float64 |> ignore
                let rows = embeddings 1 6
                let cosine = CosineSimilarity()
                let cosines = cosine.Matrix(rows, (loss.WeightsLike rows).t())
                let nearest = cosines.reshape(6L, 4L, 3L).amax [| 2L |]
                Expect.isLessThan (number ((loss.GetLogits rows - nearest * 64.0).abs().max())) 1e-11 "logits"
            }
        ]

let tests =
    testList "state of their own" [ HistogramTests.tests; p2sGrad; manifold; outliers ]
