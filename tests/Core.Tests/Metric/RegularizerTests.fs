module MetricLearning.Core.Tests.Metric.RegularizerTests

open MetricLearning.Core.Tests.Support
open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let tests =
    testList
        "regularizers"
        [
            for name, regularizer, expected in
                [
                    "Lp", Regularizers.Lp.regularizer Regularizers.Lp.defaults, 1.40394598
                    "ZeroMean", Regularizers.ZeroMean.regularizer (), 0.40065245
                    "CenterInvariant", Regularizers.CenterInvariant.regularizer (), 0.06646190
                    "RegularFace", Regularizers.RegularFace.regularizer (), 0.77187813
                    "SparseCenters",
                    Regularizers.SparseCenters.regularizer { NumClasses = 4; CentersPerClass = 2 },
                    0.40674928
                ] do
                test $"{name}: as the reference" {
                    use _ = torch.NewDisposeScope()
                    isNear 1e-8 (number (regularizer.Compute(Known.x ()))) expected name
                }

            test "SparseCenters: centres that have become one are left alone" {
                use _ = torch.NewDisposeScope()

                let regularizer =
                    Regularizers.SparseCenters.regularizer { NumClasses = 2; CentersPerClass = 2 }

                let rows = (torch.ones (4L, 3L)).requires_grad_ true
                let cost = regularizer.Compute rows
                cost.backward ()
                isNear 1e-3 (number cost) 0.0 "cost"
                Expect.all (floats (gradient rows)) Double.IsFinite "gradient"
            }

            test "SparseCenters: mistakes" {
                use _ = torch.NewDisposeScope()
                let euclidean = Distances.Lp.distance Distances.Lp.defaults
                throws<ArgumentException> "CosineSimilarity" (fun () -> Regularizers.SparseCenters.check euclidean)

                throws<ArgumentException> "two centres a class" (fun () ->
                    Regularizers.SparseCenters.regularizer { NumClasses = 2; CentersPerClass = 1 }
                    |> ignore)

                let regularizer =
                    Regularizers.SparseCenters.regularizer { NumClasses = 2; CentersPerClass = 2 }

                throws<ArgumentException> "there are 5 rows" (fun () ->
                    regularizer.Compute(torch.ones (5L, 3L)) |> ignore)
            }

            test "are asked for a fitting distance" {
                let cosine = Distances.Cosine.distance Distances.Cosine.defaults
                let euclidean = Distances.Lp.distance Distances.Lp.defaults
                throws<ArgumentException> "LpDistance" (fun () -> Regularizers.CenterInvariant.check cosine)
                throws<ArgumentException> "not normalise" (fun () -> Regularizers.CenterInvariant.check euclidean)
                throws<ArgumentException> "similarity" (fun () -> Regularizers.RegularFace.check euclidean)
            }
        ]
