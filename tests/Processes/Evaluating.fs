/// Testers over processes: the results of one.
module MetricLearning.ProcessTests.Evaluating

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private settings: Settings =
    { Settings.rich with
        Float64 = true
        AsSamples = false
    }

let private words = [| "taco"; "cat"; "accordion"; "dog"; "ant" |]

// Labels that are numbers, and strings that are only known once a sample was read.
let private datasets () : (string * TrainingData) list =
    let rows = (RunParts.data settings).DetachFromDisposeScope()
    let word (index: int64) = words[int RunParts.labels[int index]]

    [
        "numbers", TrainingData.FromTensors(rows, torch.tensor(RunParts.labels).DetachFromDisposeScope())
        "words of a whole", TrainingData.FromTensors(rows, [| for index in 0L .. 39L -> word index |])
        "words one by one", TrainingData.FromSamples(40L, fun (index: int64) (_: Seed) -> rows[index], word index)
    ]

let private tester (processes: Processes) (batchSize: int) : Tester =
    Tester(
        EmbeddingSpace.Global,
        TestOptions(
            Processes = processes,
            BatchSize = batchSize,
            AccuracyCalculator = AccuracyCalculator(returnPerClass = true)
        )
    )

let run (processes: Processes) : unit =
    let trunk = RunParts.net settings RunParts.features RunParts.size
    FromFirst.contents processes (trunk.state_dict().Values)

    for name, data in datasets () do
        // Uneven shares, and fewer batches than processes.
        for batchSize in [ 7; 32 ] do
            let splits = Dictionary [ KeyValuePair("val", data) ]
            let alone, shared = tester Processes.Alone batchSize, tester processes batchSize
            let what = $"{name}, batches of {batchSize}"

            use known = alone.GetAllEmbeddings(data, trunk)
            use found = shared.GetAllEmbeddings(data, trunk)

            let same (left: torch.Tensor) (right: torch.Tensor) =
                Snapshot.bitsOf left = Snapshot.bitsOf right

            Checks.check processes $"embeddings: {what}" (same known.Embeddings found.Embeddings) "other bits"
            Checks.check processes $"labels: {what}" (same known.Labels found.Labels) $"{found.Labels}"

            let names (embeddings: LabelledEmbeddings) =
                [ for column in embeddings.LabelNames -> List.ofSeq column ]

            Checks.equal processes $"names: {what}" (names found) (names known)

            let scores (tester: Tester) =
                [
                    for split in tester.Test(splits, 1, trunk) do
                        for entry in split.Value do
                            entry.Key, string entry.Value
                ]

            Checks.equal processes $"accuracies: {what}" (scores shared) (scores alone)

            use ofOne = new InferenceModel(trunk)
            use ofAll = new InferenceModel(trunk, processes = processes)

            let inference (model: InferenceModel) =
                use _ = torch.NewDisposeScope()
                model.TrainKnn(data, batchSize)
                let nearest = model.GetNearestNeighbors(data, 3, batchSize)

                [ model.GetEmbeddings(data, batchSize); nearest.Distances; nearest.Indices ]
                |> List.map Snapshot.bitsOf

            Checks.check processes $"inference: {what}" (inference ofAll = inference ofOne) "other bits"
