/// One-hot labels are no levels.
module MetricLearning.Core.Tests.Data.OneHotTests

open System
open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations

let private rows = 12

let private written (label: int -> int64[]) : (string * obj) list =
    let all = [| for row in 0 .. rows - 1 -> label row |]
    let table = Array2D.init rows all[0].Length (fun row column -> all[row][column])

    [
        "a tensor", torch.tensor table
        "a tensor of float32", torch.tensor(table).to_type torch.float32
        "a table", table
        "rows", all
    ]

let private oneHot (classes: int) (row: int) =
    [| for one in 0 .. classes - 1 -> if row % classes = one then 1L else 0L |]

// Two levels of two classes, and several classes a sample.
let private twoLevels (row: int) =
    [| int64 (row % 2); int64 (row / 2 % 2) |]

let private severalClasses (row: int) =
    [| for one in 0..3 -> int64 ((row >>> one) % 2) |]

let private levels (row: int) = [| int64 (row % 4); int64 (row % 2) |]

let private inputs () = Neighbourhoods.random 1 rows 6

let private ofTrainer (level: int option) (labels: obj) : string list =
    use trunk = torch.nn.Linear(6L, 4L)

    let options =
        RunOptions(
            Models = Models.Of [ Keys.Trunk, (trunk :> torch.nn.Module) ],
            LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss()),
            Optimizers = Optimizers.Of [ "trunk_optimizer", (SmallRuns.adam :> AnyOptimizer) ],
            BatchSize = 4,
            Dataset = TrainingData.FromTensors(inputs (), labels),
            Seed = 1L
        )

    Option.iter (fun level -> options.LabelHierarchyLevel <- level) level
    let run = Setup.prepare MetricLossOnly.recipe (RunOptions options)
    (Session.Start run).Dispose()
    run.Warnings |> List.filter _.Contains("none is chosen")

let private ofTester (level: int option) (labels: obj) : string list =
    let options = TesterCases.first ()
    Option.iter (fun (level: int) -> options.LabelHierarchyLevel <- AnyLevel.op_Implicit level) level
    let tester = Tester(EmbeddingSpace.Global, options)
    let data = TrainingData.FromTensors(inputs (), labels)

    tester.Test(TesterCases.datasets [ "val", data ], 1, TesterCases.identity)
    |> ignore

    tester.Warnings |> Seq.filter _.Contains("none is chosen") |> List.ofSeq

let tests =
    testList
        "one-hot labels"
        [
            for name, warningsOf in [ "a trainer", ofTrainer; "a tester", ofTester ] do
                test $"{name} doubts columns of 0 and 1 of which none is chosen" {
                    use _ = torch.NewDisposeScope()

                    for label in [ oneHot 6; oneHot 3; oneHot 2; severalClasses ] do
                        for how, labels in written label do
                            let warning = warningsOf None labels |> List.exactlyOne
                            Expect.stringContains warning "labels.argmax(1)" how
                            Expect.stringContains warning "LabelHierarchyLevel" how
                            // The advice.
                            Expect.isEmpty (warningsOf (Some 0) labels) $"{how}, a level chosen"

                    let classes =
                        torch.tensor(Array2D.init rows 6 (fun row one -> (oneHot 6 row)[one])).argmax 1L

                    Expect.isEmpty (warningsOf None classes) "classes"
                }

                test $"{name} does not doubt levels" {
                    use _ = torch.NewDisposeScope()

                    for label in [ levels; twoLevels ] do
                        for how, labels in written label do
                            Expect.isEmpty (warningsOf None labels) how
                }

            test "a calibration refuses them" {
                use _ = torch.NewDisposeScope()
                use model = new InferenceModel(TesterCases.identity)

                for how, labels in written (oneHot 3) do
                    throws<ArgumentException> "labels.argmax(1)" (fun () ->
                        model.CalibrateThreshold(TrainingData.FromTensors(inputs (), labels)) |> ignore)

                for how, labels in written levels do
                    model.CalibrateThreshold(TrainingData.FromTensors(inputs (), labels)) |> ignore
            }
        ]
