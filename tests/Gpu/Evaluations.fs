/// Neighbours, accuracies, clusterings, testers and inference.
module Gpu.Evaluations

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support

let private samples device dtype =
    Across.batch 300L 16L 12L 21UL device dtype

let private neighbours (checks: Checks) =
    for name, make in
        [
            "squared Euclidean", (fun () -> LpDistance(normalizeEmbeddings = false, power = 2.0) :> Distance)
            "cosine", (fun () -> CosineSimilarity())
            "SNR", (fun () -> SNRDistance())
            "L1", (fun () -> LpDistance(p = 1.0))
        ] do
        Across.agree checks $"nearest neighbours, {name}" (fun (device: torch.Device) (dtype: ScalarType) ->
            let struct (rows, _) = samples device dtype
            use found = CustomKNN(make ()).Search(rows, 10L, rows, true)

            [
                "distances", found.Distances.clone ()
                // In float32, neighbours that are almost equally near may change places.
                if dtype = torch.float64 then
                    "indices", found.Indices.clone ()
            ])

let private accuracies (checks: Checks) =
    for name, calculator in
        [
            "every metric", AccuracyCalculator(k = "max_bin_count", recallAtK = [| 1; 5 |])
            "averages of classes", AccuracyCalculator(k = "max_bin_count", avgOfAvgs = true)
            "a comparison of one's own",
            AccuracyCalculator(k = 5, labelComparisonFn = (fun x y -> x.eq y), exclude = [| "NMI"; "AMI" |])
        ] do
        for labelsOnCpu in [ false; true ] do
            let title =
                $"""accuracies, {name}{if labelsOnCpu then ", labels on the CPU" else ""}"""

            Across.agree checks title (fun (device: torch.Device) (dtype: ScalarType) ->
                let struct (rows, labels) = samples device dtype
                let labels = if labelsOnCpu then labels.cpu () else labels

                [
                    for KeyValue(metric, accuracy) in calculator.GetAccuracy(rows, labels) ->
                        metric, torch.tensor accuracy.Value
                ])

let private network (device: torch.Device) (dtype: ScalarType) =
    use _ = torch.manual_seed 5L
    torch.nn.Linear(16L, 8L).``to``(dtype).``to`` device

let private data device dtype =
    let struct (rows, labels) = samples device dtype
    TrainingData.FromTensors(rows.DetachFromDisposeScope(), labels.DetachFromDisposeScope())

let private testers (checks: Checks) =
    for name, space, pca in
        [
            "tester", EmbeddingSpace.Global, Nullable()
            "tester within classes", EmbeddingSpace.WithSameParentLabel, Nullable()
            "tester with PCA", EmbeddingSpace.Global, Nullable 4
        ] do
        Across.agree checks name (fun (device: torch.Device) (dtype: ScalarType) ->
            use trunk = network device dtype
            let struct (rows, labels) = samples device dtype
            let parents = labels.remainder (3L.ToScalar())

            let labels =
                if space = EmbeddingSpace.Global then
                    labels
                else
                    torch.stack ([| labels; parents |], 1L)

            let options = TestOptions(Pca = pca, DataDevice = device)

            if space = EmbeddingSpace.Global then
                options.LossFuncs <- Dictionary [ KeyValuePair("triplet", new TripletMarginLoss() :> Loss) ]

            let data =
                Dictionary [ KeyValuePair("val", TrainingData.FromTensors(rows, labels)) ]

            [
                for KeyValue(split, results) in Tester(space, options).Test(data, 1, trunk) do
                    for KeyValue(metric, accuracy) in results do
                        $"{split} {metric}", torch.tensor accuracy.Value
            ])

let private inference (checks: Checks) =
    Across.agree checks "inference model" (fun (device: torch.Device) (dtype: ScalarType) ->
        use trunk = network device dtype
        use model = new InferenceModel(trunk, dataDevice = device)
        let struct (rows, _) = samples device dtype
        model.TrainKnn(Inputs.op_Implicit rows)

        use near =
            model.GetNearestNeighbors(Inputs.op_Implicit (rows.narrow (0L, 0L, 20L)), 3)

        [
            "nearest", near.Indices.select(1L, 0L).clone()
            "distances", near.Distances.clone ()
        ])

    for pairs in [ 4_000_000L; 500L ] do
        Across.agree
            checks
            $"calibrated threshold of at most {pairs} pairs"
            (fun (device: torch.Device) (dtype: ScalarType) ->
                use trunk = network device dtype
                use model = new InferenceModel(trunk, dataDevice = device)
                let found = model.CalibrateThreshold(data device dtype, maxPairs = pairs)
                [ "threshold", torch.tensor found.Threshold ])

    Across.agree checks "tuples to weights" (fun (device: torch.Device) (dtype: ScalarType) ->
        use trunk = network device dtype

        let sampler =
            TuplesToWeightsSampler(trunk, MultiSimilarityMiner(), data device dtype, dataDevice = device)

        [ "weights", sampler.Weights ])

    Across.agree checks "hard negatives" (fun (device: torch.Device) (dtype: ScalarType) ->
        let struct (rows, labels) = samples device dtype

        use mined =
            HardNegatives.Mine(rows, labels, HardNegativeOptions(SkipNearest = 1, Count = 5))

        [ "similarities", mined.Similarities.clone () ])

let run (checks: Checks) : unit =
    neighbours checks
    accuracies checks
    testers checks
    inference checks
