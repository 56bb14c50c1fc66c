module MetricLearning.Core.Tests.Measure.RegularizerTests

open System
open Expecto
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Tests.Feed.Expectations
open MetricLearning.Core.Tests.Measure.Batches

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
                ] do
                test $"{name}: as the reference" {
                    use _ = torch.NewDisposeScope()
                    isNear 1e-8 (number (regularizer.Compute(Known.x ()))) expected name
                }

            test "are asked for a fitting distance" {
                let cosine = Distances.Cosine.distance Distances.Cosine.defaults
                let euclidean = Distances.Lp.distance Distances.Lp.defaults
                throws<ArgumentException> "LpDistance" (fun () -> Regularizers.CenterInvariant.check cosine)
                throws<ArgumentException> "not normalise" (fun () -> Regularizers.CenterInvariant.check euclidean)
                throws<ArgumentException> "similarity" (fun () -> Regularizers.RegularFace.check euclidean)
            }
        ]
