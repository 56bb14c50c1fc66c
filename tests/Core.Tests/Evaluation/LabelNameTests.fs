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
open MetricLearning.Core.Tests.Support.TesterCases

/// Data sets with two levels of labels, of which some are in one of them only.
type private Split =
    {
        Name: string
        Inputs: Tensor[]
        Labels: int64[][]
    }

/// How labels are written.
type private Writing =
    {
        What: string
        Write: Split -> TrainingData
        DatasetLabels: obj | null
        ToZero: bool
        /// From the label of a class to the label as it is written.
        NameOf: int64 -> string
    }

let private splits (streams: int) (seed: int) : Split list =
    let random = Random seed

    [
        for number, name in List.indexed [ "gallery"; "val"; "more" ] do
            let rows = 14 + 3 * number

            {
                Name = name
                Inputs =
                    [|
                        for stream in 0 .. streams - 1 -> Neighbourhoods.random (seed + 10 * number + stream) rows 3
                    |]
                Labels =
                    [|
                        for _ in 1..rows do
                            let label = int64 (random.Next(number, 5 + number))
                            [| label; label % 2L |]
                    |]
            }
    ]

let private tensors (label: int64 -> obj) (split: Split) =
    TrainingData.FromTensors(split.Inputs, [| for row in split.Labels -> Array.map label row |])

let private samples (label: int64 -> obj) (split: Split) =
    TrainingData.FromSamples(
        split.Labels.LongLength,
        fun index _ ->
            [|
                for input in split.Inputs do
                    input[index] :> obj
                Array.map label split.Labels[int index]
            |]
    )

// A one-to-one map that keeps no order.
let private word (label: int64) =
    $"{char (int 'z' - int (label * 5L % 13L))}{label}"

let private number (label: int64) = label * 7L % 23L - 5L

let private words (label: int64) : obj = word label

let private numbered (label: int64) : obj = number label

let private all (label: int64 -> obj) : obj =
    [| for first in 0L .. 8L -> [| label first; label (first % 2L) |] |]

let private writings: Writing list =
    let by what write datasetLabels toZero nameOf =
        {
            What = what
            Write = write
            DatasetLabels = datasetLabels
            ToZero = toZero
            NameOf = nameOf
        }

    [
        by "other integers" (tensors numbered) null false (number >> string)
        by "strings" (tensors words) null false word
        by "samples with strings" (samples words) null false word
        by "strings of the data set" (tensors words) (all words) false word
        by "samples with strings of the data set" (samples words) (all words) true word
        by "ranks" (tensors numbered) (all numbered) true (number >> string)
    ]

let private written =
    {
        What = "integers"
        Write = tensors (fun label -> label)
        DatasetLabels = null
        ToZero = false
        NameOf = string
    }

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
                    { FsCheckConfig.defaultConfig with
                        maxTest = 8
                    }
                    $"renaming labels one-to-one changes no result of a test, {space}"
                <| fun (PositiveInt seed) workers -> changesNothing space seed (if workers then 2 else 0)

            testPropertyWithConfig
                { FsCheckConfig.defaultConfig with
                    maxTest = 8
                }
                "nor of a calibration"
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
