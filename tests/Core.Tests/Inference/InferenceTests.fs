module MetricLearning.Core.Tests.Inference.InferenceTests

open Expecto

let tests = testList "inference" [ EmbeddingTests.tests ]
