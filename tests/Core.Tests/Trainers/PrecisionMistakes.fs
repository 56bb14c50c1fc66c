/// Precisions that cannot be, or that change nothing.
module MetricLearning.Core.Tests.Trainers.PrecisionMistakes

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.CastLayers
open MetricLearning.Core.Tests.Trainers.PrecisionTests

let tests =
    testList
        "mistakes are said at construction"
        [
            testCase "a precision that there is not" (fun () ->
                let made = options (enum<Precision> 7) (new Watched(ignore)) (new Shown(ignore))
                let expected = "Precision is 7; it must be Precision.Float32, BFloat16 or Float16."
                Expect.equal (SmallRuns.mistakesOf made) [ expected ] "of a trainer"

                Expectations.throws<ArgumentException> "precision is 7" (fun () ->
                    new InferenceModel(new Watched(ignore), precision = enum<Precision> 7) |> ignore)

                Expectations.throws<ArgumentException> "Precision is 7" (fun () ->
                    Tester(EmbeddingSpace.Global, TestOptions(Precision = enum<Precision> 7))
                    |> ignore))

            testCase "a libtorch without autocast" (fun () ->
                let said = Autocast.mistakeOf false "Precision" Precision.BFloat16 |> Option.get
                Expect.stringContains said "Use Precision.Float32" "the advice"
                Expect.isNone (Autocast.mistakeOf false "Precision" Precision.Float32) "float32 needs none")

            testCase "networks with weights of float64" (fun () ->
                let warned (precision: Precision) (dtype: ScalarType) =
                    let trunk = new Watched(ignore)
                    trunk.``to`` dtype |> ignore

                    let made =
                        RunOptions(options precision trunk (new Shown(ignore)), Dtype = Nullable dtype)

                    (Setup.prepare MetricLossOnly.recipe made).Warnings
                    |> List.filter _.StartsWith("Precision is")

                Expect.hasLength (warned Precision.BFloat16 ScalarType.Float64) 1 "float64"
                Expect.isEmpty (warned Precision.BFloat16 ScalarType.Float32) "float32"
                Expect.isEmpty (warned Precision.Float32 ScalarType.Float64) "as they are")
        ]
