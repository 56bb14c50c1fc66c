/// The curve of a search for a learning rate, and the rates that it suggests.
module MetricLearning.Core.Tests.Records.LearningRateCurveTests

open System
open Expecto
open MetricLearning

/// Losses that fall, and then rise, at these rates.
let private curve (losses: float list) =
    let losses = Array.ofList losses

    let rates =
        Array.init losses.Length (fun index -> Math.Pow(10.0, float index - 6.0))

    LearningRateCurve.ofLosses 0.0 [| "trunk_optimizer" |] false rates losses

let tests =
    testList
        "suggestions"
        [
            test "where it falls fastest, and a tenth of the lowest" {
                let found = curve [ 5.0; 5.0; 4.8; 3.0; 1.0; 0.9; 4.0; 9.0 ]
                // Between 4.8 and 1 the loss falls by 3.8 in two decades.
                Expect.floatClose Accuracy.high found.Suggestion.Value 1e-3 "steepest"
                Expect.floatClose Accuracy.high found.TenthOfLowest.Value 1e-2 "a tenth"
                Expect.stringContains (string found) "1e-3" "its words"
            }
            test "none where it only rises" {
                let found = curve [ 1.0; 2.0; 3.0; 4.0 ]
                Expect.isFalse found.Suggestion.HasValue "no fall"
                Expect.isFalse found.TenthOfLowest.HasValue "no lowest"
            }
            test "none of few points" {
                for count in 0..2 do
                    Expect.isFalse (curve (List.replicate count 1.0)).Suggestion.HasValue $"{count}"
            }
            test "means count what lies on both sides" {
                let found = LearningRateCurve.smooth 0.5 [| 0.0; 0.0; 1.0; 0.0; 0.0 |]
                Expect.floatClose Accuracy.high found[2] (1.0 / 2.5) "the middle"
                Expect.floatClose Accuracy.high found[1] found[3] "no side is nearer"
            }
            test "the picture is a file that marks the suggestion" {
                let svg = (curve [ 5.0; 5.0; 4.8; 3.0; 1.0; 0.9; 4.0; 9.0 ]).ToSvg()
                let picture = Xml.Linq.XDocument.Parse svg
                Expect.equal (nonNull picture.Root).Name.LocalName "svg" "a picture"
                Expect.stringContains svg "suggestion 0.001" "the mark"
                Expect.stringContains svg ">1e-4<" "powers of ten"
                Expect.equal (Xml.Linq.XDocument.Parse((curve []).ToSvg()).Root |> isNull) false "an empty one"
            }
        ]
