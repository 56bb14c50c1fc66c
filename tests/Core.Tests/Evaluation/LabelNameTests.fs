/// Law 13: a name is what it names. Renaming labels one-to-one changes no result.
module MetricLearning.Core.Tests.Evaluation.LabelNameTests

open System
open System.Collections.Generic
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods
open MetricLearning.Core.Tests.Support.LabelWritings
open MetricLearning.Core.Tests.Support.TesterCases

let private streamed: EmbeddingSpace -> SplitToEval[] =
    function
    | EmbeddingSpace.TwoStream -> [| SplitToEval "gallery"; SplitToEval "val" |]
    | _ ->
        [|
            SplitToEval("val", [| "gallery"; "more" |])
            SplitToEval("more", [| "more"; "val" |])
        |]

let private evaluated (space: EmbeddingSpace) (workers: int) (splits: Split list) (writing: Writing) =
    let level: AnyLevel =
        if space = EmbeddingSpace.WithSameParentLabel then
            AnyLevel.op_Implicit 0
        else
            AnyLevel.All

    let options =
        TestOptions(
            AccuracyCalculator = AccuracyCalculator(returnPerClass = true),
            LabelHierarchyLevel = level,
            SetMinLabelToZero = writing.ToZero,
            DataloaderNumWorkers = workers,
            BatchSize = 5,
            LossFuncs = (Dictionary [ KeyValuePair("loss", new TripletMarginLoss() :> Loss) ])
        )

    match writing.DatasetLabels with
    | null -> ()
    | labels -> options.DatasetLabels <- labels

    evaluateIn space options (datasets [ for split in splits -> split.Name, writing.Write split ]) (streamed space)

let private near (expected: float) (found: float) (message: string) =
    if Double.IsNaN expected then
        Expect.isTrue (Double.IsNaN found) message
    else
        Expect.isLessThan (abs (found - expected)) (1e-6 * max 1.0 (abs expected)) $"{message}: {found}, not {expected}"

let private changesNothing (space: EmbeddingSpace) (seed: int) (workers: int) =
    use _ = torch.NewDisposeScope()
    let splits = splits (if space = EmbeddingSpace.TwoStream then 2 else 1) seed
    let expected = evaluated space workers splits written

    for writing in writings do
        let found = evaluated space workers splits writing
        Expect.sequenceEqual found.Keys expected.Keys "splits"

        for split in expected do
            for entry in split.Value do
                let result = found[split.Key][entry.Key]
                let message = $"{writing.What}, {split.Key}, {entry.Key}"
                near entry.Value.Value result.Value message
                let classes = dict [ for one in result.ByClass -> one.Label, one.Value ]
                Expect.equal classes.Count entry.Value.ByClass.Count $"{message}, classes"

                for one in entry.Value.ByClass do
                    let name = writing.NameOf(int64 one.Label)
                    near one.Value classes[name] $"{message}, {name}"

let private animals (names: string list) =
    let place = dict [ "cat", 0; "dog", 1; "ant", 2 ]

    let rows =
        torch.stack
            [|
                for name in names -> torch.nn.functional.one_hot (torch.tensor (int64 place[name]), 3L)
            |]

    TrainingData.FromTensors(rows.to_type torch.float32, List.toArray names)

let tests =
    testList
        "labels by name"
        [
            test "a string is the same class in every split" {
                use _ = torch.NewDisposeScope()

                let data =
                    datasets [ "gallery", animals [ "cat"; "dog" ]; "val", animals [ "ant"; "cat"; "dog" ] ]

                let found = evaluate (first ()) data [| SplitToEval("val", [| "gallery" |]) |]
                Expect.equal (valueOf found "precision_at_1_level0") 1.0 "precision at 1"
            }

            for space in
                [
                    EmbeddingSpace.Global
                    EmbeddingSpace.WithSameParentLabel
                    EmbeddingSpace.TwoStream
                ] do
                testPropertyWithConfig
                    { Checked.config with maxTest = 8 }
                    $"renaming labels one-to-one changes no result of a test, {space}"
                <| fun (PositiveInt seed) workers -> changesNothing space seed (if workers then 2 else 0)

            testPropertyWithConfig { Checked.config with maxTest = 8 } "nor of a calibration"
            <| fun (PositiveInt seed) ->
                use _ = torch.NewDisposeScope()
                let split = (splits 1 seed).Head

                let calibrated (writing: Writing) =
                    use model = new InferenceModel(identity)
                    model.CalibrateThreshold(writing.Write split, CalibrationGoal.F1, batchSize = 5)

                let expected = calibrated written

                for writing in writings do
                    if isNull writing.DatasetLabels then
                        Expect.equal (calibrated writing) expected writing.What

            test "a model gives a string the same number in every data set, and says which" {
                use _ = torch.NewDisposeScope()
                use model = new InferenceModel(identity, dataloaderNumWorkers = 2)
                let splits = splits 1 3

                let check
                    (split: Split)
                    (rows: int64[])
                    (labels: Tensor)
                    (names: IReadOnlyList<IReadOnlyList<string>>)
                    =
                    let numbers = numbers labels
                    let labelAt place level = split.Labels[int rows[place]][level]

                    for place in 0 .. rows.Length - 1 do
                        for level in 0..1 do
                            let name = names[level][int numbers[2 * place + level]]
                            Expect.equal name (word (labelAt place level)) "the name"

                    numbers[0], word (labelAt 0 0)

                let known =
                    [
                        for split in splits do
                            for write in [ tensors words; samples words ] do
                                let found = model.GetLabelledEmbeddings(write split, 4)
                                check split [| 0L .. split.Labels.LongLength - 1L |] found.Labels found.LabelNames

                                for batch in model.StreamEmbeddings(write split, 4) do
                                    use batch = batch
                                    check split batch.Indices batch.Labels batch.LabelNames
                    ]

                for name, numbers in List.groupBy snd known do
                    Expect.hasLength (List.distinct numbers) 1 name
            }

            test "strings and integers are never compared" {
                use _ = torch.NewDisposeScope()
                let integers = dataset 1 fine
                let words = dataset 2 (Array.map word fine)

                throws<ArgumentException> "strings and others integers" (fun () ->
                    evaluate
                        (first ())
                        (datasets [ "val", words; "gallery", integers ])
                        [| SplitToEval("val", [| "gallery" |]) |]
                    |> ignore)

                let mixed =
                    TrainingData.FromSamples(
                        8L,
                        fun index _ -> [| box (torch.zeros 3L); (if index < 4L then box "a" else box 1L) |]
                    )

                use model = new InferenceModel(identity)

                throws<InvalidOperationException> "use one kind" (fun () ->
                    model.GetLabelledEmbeddings(mixed, 4) |> ignore)
            }

            test "a loss that has learned classes by number is told which string had which" {
                use _ = torch.NewDisposeScope()
                torch.manual_seed 1L |> ignore
                let data = datasets [ "val", dataset 1 (Array.map word fine) ]
                let loss = new ArcFaceLoss(4, int EmbeddingNetworks.features) :> Loss

                let options = first ()
                options.LossFuncs <- Dictionary [ KeyValuePair("loss", loss) ]
                throws<ArgumentException> "give DatasetLabels" (fun () -> evaluate options data null |> ignore)
                options.DatasetLabels <- Array.map word fine
                let found = evaluate options data null
                Expect.isTrue (Double.IsFinite found["val"].["loss"].Value) "with them"
            }
        ]
