/// The loss that keeps a histogram.
module MetricLearning.Core.Tests.Metric.HistogramTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let withoutGradients (act: unit -> unit) =
    use _ = torch.no_grad ()
    act ()

let private softMargin () = new DynamicSoftMarginLoss()

let private histogram (loss: Loss) = floats (loss.Remembered "hist")

let private matching (loss: Loss) (rows: torch.Tensor) (references: torch.Tensor) =
    loss.Compute(rows, null, Tuples.All, references, null)

let tests =
    testList
        "dynamic soft margin"
        [
            test "with a reference set, as the reference" {
                using softMargin (fun loss ->
                    let value, slope =
                        valueAndSlope loss (Known.x ()) (Known.y ()) Tuples.All (Some(Known.r (), Known.ry ()))

                    isNear 1e-8 value 0.05028549 "loss"
                    isNear 1e-8 slope 0.58459933 "gradient")
            }

            test "a difference beyond the last bin counts in it" {
                using softMargin (fun loss ->
                    // d(a,p) = 2, d(a,n) = 0.
                    let rows = float64([| 1.0; 0.0; -1.0; 0.0; 1.0; 0.0 |]).reshape(3L, 2L)
                    let triplet = Tuples.Triplets(vector [ 0 ], vector [ 1 ], vector [ 2 ])
                    let value, slope = valueAndSlope loss rows null triplet None
                    isNear 1e-12 value 2.0 "as hard as can be"
                    Expect.isTrue (Double.IsFinite slope) "gradient"
                    Expect.equal (histogram loss) (Array.append (Array.zeroCreate 9) [| 1.0 |]) "the last bin")
            }

            test "every batch replaces a part of the histogram" {
                using (fun () -> new DynamicSoftMarginLoss(momentum = 0.25)) (fun loss ->
                    let ofBatch rows =
                        using softMargin (fun fresh ->
                            fresh.Compute(rows, Known.y ()) |> ignore
                            histogram fresh)

                    let first, second = Known.x (), embeddings 3 8
                    loss.Compute(first, Known.y ()) |> ignore
                    Expect.equal (histogram loss) (ofBatch first) "the first is all of it"
                    loss.Compute(second, Known.y ()) |> ignore

                    for bin, (held, (before, batch)) in
                        Seq.indexed (Seq.zip (histogram loss) (Seq.zip (ofBatch first) (ofBatch second))) do
                        isNear 1e-12 held (0.75 * before + 0.25 * batch) $"bin {bin}")
            }

            test "trains for any number of steps, with and without labels" {
                for labels in ([ Known.y (); null ]: (torch.Tensor | null) list) do
                    using softMargin (fun loss ->
                        for number in 1..4 do
                            let rows = (embeddings number 8).requires_grad_ true

                            let value =
                                match labels with
                                | null -> matching loss rows (embeddings (number + 10) 8)
                                | given -> loss.Compute(rows, given)

                            value.backward ()
                            Expect.all (floats (gradient rows)) Double.IsFinite "gradient"
                            isNear 1e-9 (Array.sum (histogram loss)) 1.0 "the histogram is one of all")
            }

            test "without labels, each row's match is the same row of the references" {
                using softMargin (fun loss ->
                    let rows, references = embeddings 1 6, embeddings 2 6
                    let distance = LpDistance()
                    let distances = floats (distance.Matrix(rows, references))
                    let at i j = distances[6 * i + j]

                    let differences =
                        [
                            for i in 0..5 do
                                let others = [ 0..5 ] |> List.filter ((<>) i)
                                let nearest = others |> List.collect (fun j -> [ at i j; at j i ]) |> List.min
                                at i i - nearest
                        ]

                    // The same numbers as triplets of rows on a line would give: only differences count.
                    let value = number (matching loss rows references)
                    let place x = (x + 2.0) / 0.4

                    let bins: float[] = Array.zeroCreate 10

                    for x in differences do
                        let bin = int (floor (place x))
                        let share = place x - floor (place x)
                        bins[bin] <- bins[bin] + (1.0 - share) / 6.0
                        bins[min 9 (bin + 1)] <- bins[min 9 (bin + 1)] + share / 6.0

                    let upTo bin = Array.sum bins[..bin]

                    let expected =
                        differences |> List.averageBy (fun x -> upTo (int (floor (place x))) * x)

                    isNear 1e-10 value expected "loss"

                    throws<ArgumentException> "there are 6 and 5" (fun () ->
                        matching loss rows (embeddings 2 5) |> ignore))
            }

            for name, rows, labels in
                [
                    "one class", embeddings 1 4, vector [ 0; 0; 0; 0 ]
                    "all distinct", embeddings 1 4, vector [ 0; 1; 2; 3 ]
                    "two rows", embeddings 1 2, vector [ 0; 0 ]
                ] do
                test $"{name}: 0, and the histogram stays" {
                    using softMargin (fun loss ->
                        let value, slope = valueAndSlope loss rows labels Tuples.All None
                        Expect.equal (value, slope) (0.0, 0.0) "loss and gradient"
                        Expect.all (histogram loss) ((=) 0.0) "histogram")
                }

            testPropertyWithConfig few "finite, whatever the type"
            <| fun (NonEmptyArray(codes: byte[])) (number: int) ->
                use _ = torch.NewDisposeScope()

                for dtype in [ torch.float32; torch.bfloat16; torch.float64 ] do
                    use loss = softMargin ()
                    let labels = Array.append [| 0L; 0L; 1L |] (classes codes)

                    let rows =
                        (embeddings number labels.Length).``to``(dtype).detach().requires_grad_ true

                    let value = loss.Compute(rows, vector labels)
                    value.backward ()
                    Expect.equal value.dtype dtype "type"
                    Expect.isTrue (Double.IsFinite(RandomBatches.number value)) "loss"
                    Expect.all (floats (gradient rows)) Double.IsFinite "gradient"

            test "the gradient is the derivative, histogram included" {
                using softMargin (fun loss ->
                    let rows = (embeddings 5 8).requires_grad_ true

                    let fresh (at: torch.Tensor) =
                        withoutGradients (fun () -> loss.Remembered("hist").zero_() |> ignore)
                        loss.Compute(at, Known.y ())

                    (fresh rows).backward()
                    let along = LossGradients.direction rows

                    isNear
                        1e-5
                        (number ((gradient rows * along).sum()))
                        (LossGradients.slopeAlong along fresh (rows.detach ()))
                        "gradient")
            }

            test "mistakes" {
                let refused message (make: unit -> DynamicSoftMarginLoss) =
                    throws<ArgumentException> message (make >> ignore)

                refused "minVal below 0" (fun () -> new DynamicSoftMarginLoss(minVal = 1.0))
                refused "at least one bin" (fun () -> new DynamicSoftMarginLoss(numBins = 0))
                refused "momentum" (fun () -> new DynamicSoftMarginLoss(momentum = 2.0))

                throws<ArgumentException> "DynamicSoftMarginLoss needs LpDistance" (fun () ->
                    new DynamicSoftMarginLoss(Distance = LossValues.cosine ()) |> ignore)
            }
        ]
