module MetricLearning.Core.Tests.Metric.DistanceTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

/// Name, distance, and entries [0,0], [0,1], [7,4] and the sum of the matrix of the known batch and reference set.
let private known: (string * Distance * float list) list =
    [
        "Lp", LpDistance(), [ 0.81563812; 1.50961866; 1.49722631; 56.46065669 ]
        "Lp, not normalised",
        LpDistance(normalizeEmbeddings = false),
        [ 1.18924085; 2.01074036; 2.54565141; 81.71629696 ]
        "L1 squared", LpDistance(p = 1.0, power = 2.0), [ 0.58826250; 1.97398009; 1.89213419; 67.42619653 ]
        "cosine", CosineSimilarity(), [ 0.66736723; -0.13947426; -0.12084331; -0.48415685 ]
        "dot product, not normalised",
        DotProductSimilarity(normalizeEmbeddings = false),
        [ 1.38543837; -0.24733559; -0.34158964; -1.12224644 ]
        "signal to noise", SNRDistance(), [ 0.64256296; 1.63849418; 0.95887658; 61.17698333 ]
    ]

let tests =
    testList
        "distances"
        [
            for name, distance, expected in known do
                test $"{name}: as the reference" {
                    use _ = torch.NewDisposeScope()
                    let made = distance.Matrix(Known.x (), Known.r ())
                    let entry (row: int64) (column: int64) = number made[row, column]

                    for actual, expected in List.zip [ entry 0 0; entry 0 1; entry 7 4; number (made.sum ()) ] expected do
                        isNear 1e-8 actual expected name
                }

            for name, distance, _ in known do
                testPropertyWithConfig few $"{name}: a set compared with itself is compared with its copy"
                <| fun (PositiveInt rows) (number: int) ->
                    use _ = torch.NewDisposeScope()
                    let rows = embeddings number rows

                    let difference = distance.Matrix(rows, null) - distance.Matrix(rows, rows.clone ())

                    Expect.isLessThan (RandomBatches.number (difference.abs().max())) 1e-12 "difference"

            testPropertyWithConfig few "margins, nearest and farthest are mirrored for similarities"
            <| fun (PositiveInt count) (number: int) ->
                use _ = torch.NewDisposeScope()
                let x, y = embeddings number count, embeddings (number / 2 + 1) count

                let distance, similarity = LpDistance(), CosineSimilarity()

                Expect.equal (floats (distance.Margin(x, y))) (floats (similarity.Margin(y, x))) "margin"

                Expect.equal
                    (floats (distance.SmallestDist(x, y)))
                    (floats (similarity.LargestDist(x, y)))
                    "the smaller of two"

                let struct (nearest, at) = distance.SmallestDist(x, 1L)
                let struct (farthest, where) = similarity.LargestDist(x, 1L)
                Expect.equal (floats nearest) (floats farthest) "the smallest along a dimension"
                Expect.equal (numbers at) (numbers where) "and where it is"

            test "a row of zeros stays one in every dtype" {
                for dtype in [ torch.float16; torch.bfloat16; torch.float32; torch.float64 ] do
                    use _ = torch.NewDisposeScope()
                    let normal = LpDistance().Normalize(torch.zeros (2L, 3L, dtype = dtype))
                    Expect.equal (floats normal) (Array.zeroCreate 6) $"{dtype}"
            }

            test "gradients of equal rows are 0" {
                use _ = torch.NewDisposeScope()
                let rows = torch.ones(3L, 4L, dtype = torch.float64).requires_grad_ true
                LpDistance().Matrix(rows, null).sum().backward()
                Expect.equal (floats (gradient rows)) (Array.zeroCreate 12) "gradient"
            }

            test "statistics are the average norms, and nothing unless asked for" {
                use _ = torch.NewDisposeScope()

                let collecting = LpDistance(CollectStats = true)

                collecting.Matrix(filled [ 2; 4 ] 2.0, filled [ 3; 4 ] 1.0) |> ignore

                Expect.equal
                    [ for entry in collecting.Stats -> entry.Key, entry.Value ]
                    [
                        "initial_avg_query_norm", 4.0
                        "initial_avg_ref_norm", 2.0
                        "final_avg_query_norm", 1.0
                        "final_avg_ref_norm", 1.0
                    ]
                    "statistics"

                let silent = LpDistance()
                silent.Matrix(torch.ones (2L, 4L), null) |> ignore
                Expect.isEmpty silent.Stats "not asked for"
            }

            test "once in use, its properties are fixed" {
                use _ = torch.NewDisposeScope()
                let distance = LpDistance(CollectStats = true)
                distance.CollectStats <- false
                distance.Matrix(torch.ones (2L, 4L), null) |> ignore

                throws<InvalidOperationException>
                    "LpDistance.CollectStats cannot change once the LpDistance is in use"
                    (fun () -> distance.CollectStats <- true)
            }

            test "what cannot be compared is refused" {
                use _ = torch.NewDisposeScope()
                let rows = torch.ones (2L, 4L)

                throws<ArgumentException> "must be a matrix" (fun () ->
                    LpDistance().Matrix(torch.ones 4L, null) |> ignore)

                throws<ArgumentException> "they are 4 and 3 wide" (fun () ->
                    LpDistance().Matrix(rows, torch.ones (2L, 3L)) |> ignore)

                throws<ArgumentException> "above 0" (fun () -> LpDistance(p = 0.0) |> ignore)
            }
        ]
