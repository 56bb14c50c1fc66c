/// Testers and calculators leave out what a query's camera saw.
module MetricLearning.Core.Tests.Evaluation.CameraTesterTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods

let tests =
    testList
        "cameras in testers"
        [
            test "a tester takes cameras from a level of labels" {
                use _ = torch.NewDisposeScope()
                let cameras (row: int64) = row % 3L
                let both = array2D [ for row in 0L .. 23L -> [ row % 4L; cameras row ] ]

                let words =
                    [|
                        for row in 0L .. 23L -> [| $"person {row % 4L}"; $"camera {cameras row}" |]
                    |]

                let calculator =
                    AccuracyCalculator(exclude = [| "NMI"; "AMI" |], recallAtK = [| 1L; 5L; 10L |])

                let test' (level: AnyLevel option) (labels: obj) =
                    let options =
                        TestOptions(
                            AccuracyCalculator = calculator,
                            CameraLevel = Nullable 1,
                            DataloaderNumWorkers = 0,
                            NormalizeEmbeddings = false
                        )

                    Option.iter (fun level -> options.LabelHierarchyLevel <- level) level
                    let tester = Tester(EmbeddingSpace.Global, options)
                    let query, gallery = TesterCases.dataset 1 labels, TesterCases.dataset 2 labels

                    let found =
                        tester.Test(
                            TesterCases.datasets [ "query", query; "gallery", gallery ],
                            1,
                            TesterCases.identity,
                            null,
                            [| SplitToEval("query", [| "gallery" |]) |]
                        )

                    Expect.isEmpty tester.Warnings "no doubt"
                    Expect.stringContains (tester.Description()) "camera_level_1" "the records' names"
                    [ for entry in found["query"] -> entry.Key, entry.Value.Value ], query, gallery

                let found, query, gallery = test' None both

                let ofRows (pick: int64 -> int64) : Tensor =
                    torch.tensor [| for row in 0L .. 23L -> pick row |]

                let direct =
                    calculator.GetAccuracy(
                        TesterCases.raw query,
                        ofRows (fun row -> row % 4L),
                        TesterCases.raw gallery,
                        ofRows (fun row -> row % 4L),
                        queryCameras = ofRows cameras,
                        referenceCameras = ofRows cameras
                    )

                Expect.equal
                    (List.sort found)
                    (List.sort [ for entry in direct -> $"{entry.Key}_level0", entry.Value.Value ])
                    "as by hand"

                let ofWords, _, _ = test' None words
                Expect.equal ofWords found "names of persons and cameras"
                let all, _, _ = test' (Some AnyLevel.All) both
                Expect.equal all found "cameras are not evaluated"
            }

            test "mistakes" {
                use _ = torch.NewDisposeScope()
                let query = random 1 6 3
                let ones = torch.ones (6L, dtype = torch.int64)
                let calculator = AccuracyCalculator(exclude = [| "NMI"; "AMI" |])

                let refused text act =
                    throws<ArgumentException> text (fun () -> act () |> ignore)

                refused "give both" (fun () -> calculator.GetAccuracy(query, ones, query, ones, queryCameras = ones))

                refused "give both" (fun () ->
                    calculator.GetAccuracy(query, ones, query, ones, referenceCameras = ones))

                refused "or neither" (fun () ->
                    calculator.GetAccuracy(query, ones, queryCameras = ones, referenceCameras = ones))

                refused "one number a sample" (fun () ->
                    calculator.GetAccuracy(query, ones, queryCameras = ones.unsqueeze 1L))

                refused "integers" (fun () ->
                    calculator.GetAccuracy(query, ones, queryCameras = ones.to_type torch.float32))

                calculator.GetAccuracy(query, ones, queryCameras = ones) |> ignore

                let at (level: int) (labels: obj) =
                    let options =
                        TestOptions(
                            AccuracyCalculator = calculator,
                            CameraLevel = Nullable level,
                            DataloaderNumWorkers = 0
                        )

                    let data = TesterCases.datasets [ "val", TesterCases.dataset 1 labels ]
                    Tester(EmbeddingSpace.Global, options).Test(data, 1, TesterCases.identity)

                refused "CameraLevel" (fun () -> at 2 TesterCases.levels)
                refused "CameraLevel" (fun () -> at -1 TesterCases.levels)
                at 1 TesterCases.levels |> ignore
            }
        ]
