/// Testers over small data sets.
module internal MetricLearning.Core.Tests.Support.TesterCases

open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.Neighbourhoods

let rows = 24L

// Four classes of level 0 in two of level 1.
let levels = array2D [ for row in 0L .. rows - 1L -> [ row % 4L; (row % 4L) / 2L ] ]

let fine = [| for row in 0L .. rows - 1L -> row % 4L |]

let dataset (number: int) (labels: obj) =
    use _ = torch.NewDisposeScope()

    let data =
        (random number (int rows) (int EmbeddingNetworks.features)).DetachFromDisposeScope()

    TrainingData.FromTensors(data, labels)

let datasets (entries: (string * TrainingData) list) =
    Dictionary(entries |> List.map KeyValuePair) :> IReadOnlyDictionary<string, TrainingData>

let calculator = AccuracyCalculator(exclude = [| "NMI"; "AMI" |])

let neighbours = calculator.Options

/// Options that evaluate levels of labels.
let options (level: AnyLevel) : TestOptions =
    TestOptions(AccuracyCalculator = calculator, LabelHierarchyLevel = level, DataloaderNumWorkers = 0)

/// Options that evaluate the first level.
let first () : TestOptions =
    TestOptions(AccuracyCalculator = calculator, DataloaderNumWorkers = 0)

let identity = new EmbeddingNetworks.Function("identity", id)

let evaluateIn
    (space: EmbeddingSpace)
    (options: TestOptions)
    (data: IReadOnlyDictionary<string, TrainingData>)
    (splits: SplitToEval[] | null)
    =
    Tester(space, options).Test(data, 3, identity, null, splits)

let evaluate (options: TestOptions) (data: IReadOnlyDictionary<string, TrainingData>) (splits: SplitToEval[] | null) =
    evaluateIn EmbeddingSpace.Global options data splits

/// The input of a data set.
let raw (data: TrainingData) : Tensor =
    match data with
    | TrainingData.Tensors(inputs, _) -> inputs[0]
    | TrainingData.Samples _ -> invalidOp "tensors"

/// The input of a data set in rows of length 1.
let normal (data: TrainingData) : Tensor =
    torch.nn.functional.normalize (raw data)

let direct options (query: Tensor) (labels: int64[]) (reference: Tensor) (others: int64[]) isSelf =
    AccuracyCalculation.calculate options query (torch.tensor labels) reference (torch.tensor others) isSelf

let same (expected: Accuracies) (suffix: string) (found: SplitResults) =
    for entry in expected.Values do
        let value = found[entry.Key + suffix].Value
        Expect.isLessThan (abs (value - entry.Value.Value)) 1e-9 $"{entry.Key}{suffix}: {value}, not {entry.Value}"

let valueOf (found: IReadOnlyDictionary<string, SplitResults>) (key: string) : float =
    let results = found["val"]
    results[key].Value
