/// Testers: splits, levels, principal components, losses, and that nothing changes.
module MetricLearning.Core.Tests.Evaluation.TesterTests

open MetricLearning.Core.Tests.Support
open System
open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods
open MetricLearning.Core.Tests.Inference

let private rows = 24L

// Four classes of level 0 in two of level 1.
let private levels =
    array2D [ for row in 0L .. rows - 1L -> [ row % 4L; (row % 4L) / 2L ] ]

let private fine = [| for row in 0L .. rows - 1L -> row % 4L |]

let private dataset (number: int) (labels: obj) =
    use _ = torch.NewDisposeScope()

    let data =
        (random number (int rows) (int EmbeddingNetworks.features)).DetachFromDisposeScope()

    Dataset.ofTensors data labels

let private datasets (entries: (string * Dataset) list) =
    Dictionary(entries |> List.map KeyValuePair) :> IReadOnlyDictionary<string, Dataset>

let private neighbours =
    { AccuracyOptions.defaults with
        NMI = false
        AMI = false
    }

let private options (level: HierarchyLevel) =
    { TestOptions.defaults with
        Accuracy = neighbours
        Embedding =
            { TestOptions.defaults.Embedding with
                Reading = { Reading.Default with Level = level }
            }
    }

let private first = options (HierarchyLevel.One 0)

let private identity = new EmbeddingNetworks.Function("identity", id)

let private evaluate
    (options: TestOptions)
    (data: IReadOnlyDictionary<string, Dataset>)
    (splits: SplitToEval[] | null)
    =
    Testing.test options data 3 identity null splits null

let private normal (data: Dataset) =
    match data with
    | Dataset.Tensors(inputs, _) -> torch.nn.functional.normalize inputs[0]
    | Dataset.Samples _ -> invalidOp "tensors"

let private direct options (query: Tensor) (labels: int64[]) (reference: Tensor) (others: int64[]) isSelf =
    AccuracyCalculation.calculate options query (torch.tensor labels) reference (torch.tensor others) isSelf

let private same (expected: Accuracies) (suffix: string) (found: SplitResults) =
    for entry in expected.Values do
        let value = found[entry.Key + suffix].Value
        Expect.isLessThan (abs (value - entry.Value.Value)) 1e-9 $"{entry.Key}{suffix}: {value}, not {entry.Value}"

let private valueOf (found: TestResults) (key: string) : float =
    let results = found.Splits["val"]
    results[key].Value

let private losses () : KeyValuePair<string, Loss>[] =
    let embedding = int EmbeddingNetworks.size

    [|
        KeyValuePair("triplet", TripletMargin.loss TripletMargin.defaults)
        KeyValuePair("p2s", P2SGrad.loss (P2SGrad.defaults embedding 4))
        KeyValuePair("arc", ArcFace.loss (ArcFace.defaults 4 embedding))
        KeyValuePair("soft margin", DynamicSoftMargin.loss DynamicSoftMargin.defaults)
    |]

let private bits (modules: torch.nn.Module seq) =
    [
        for each in modules do
            "training", string each.training

            for struct (name, parameter) in each.named_parameters () do
                name, EmbeddingNetworks.bitsOf parameter

            for struct (name, buffer) in each.named_buffers () do
                name, EmbeddingNetworks.bitsOf buffer
    ]

let tests =
    testList
        "testers"
        [
            test "each split against itself" {
                use _ = torch.NewDisposeScope()
                let one, other = dataset 1 fine, dataset 2 fine
                let found = evaluate first (datasets [ "train", one; "val", other ]) null
                Expect.equal (List.ofSeq found.Splits.Keys) [ "train"; "val" ] "splits"

                for name, data in [ "train", one; "val", other ] do
                    let rows = normal data
                    same (direct neighbours rows fine rows fine true) "_level0" found.Splits[name]
                    Expect.equal found.Splits[name].Epoch 3 "epoch"
                    Expect.equal found.Splits[name].Count 5 "one level has no averages"
            }

            test "a split among several: itself first, wherever it is named" {
                use _ = torch.NewDisposeScope()
                let one, other = dataset 1 fine, dataset 2 fine
                let references = [| "train"; "val" |]
                let split = SplitToEval("val", references)
                let found = evaluate first (datasets [ "train", one; "val", other ]) [| split |]
                Expect.equal references [| "train"; "val" |] "the caller's"
                Expect.equal (List.ofSeq split.References) [ "val"; "train" ] "in the order of use"
                let query = normal other
                let all = torch.cat ([| query; normal one |], 0L)
                same (direct neighbours query fine all (Array.append fine fine) true) "_level0" found.Splits["val"]
            }

            test "a split in another only" {
                use _ = torch.NewDisposeScope()
                let one, other = dataset 1 fine, dataset 2 fine
                let data = datasets [ "train", one; "val", other ]
                let found = evaluate first data [| SplitToEval("val", [| "train" |]) |]
                same (direct neighbours (normal other) fine (normal one) fine false) "_level0" found.Splits["val"]
            }

            test "levels: one, several, all, and their averages" {
                use _ = torch.NewDisposeScope()
                let data = dataset 1 levels
                let rows = normal data
                let parents = fine |> Array.map (fun label -> label / 2L)
                let data = datasets [ "val", data ]
                let below = direct neighbours rows fine rows fine true
                let above = direct neighbours rows parents rows parents true
                let one = (evaluate (options (HierarchyLevel.One 1)) data null).Splits["val"]
                same above "_level1" one
                Expect.equal one.Count 5 "one level"

                for level in [ HierarchyLevel.All; HierarchyLevel.Several [| 1; 0 |] ] do
                    let found = evaluate (options level) data null
                    let found' = found.Splits["val"]
                    same below "_level0" found'
                    same above "_level1" found'
                    Expect.equal found'.Count 15 "two levels, and averages"

                    for entry in below.Values do
                        let mean = (entry.Value.Value + above.Values[entry.Key].Value) / 2.0
                        Expect.floatClose Expecto.Accuracy.veryHigh found'[$"AVERAGE_{entry.Key}"].Value mean entry.Key

                    Expect.equal (Set.ofArray (found.Levels.Split '_')) (set [ "0"; "1" ]) "which"
            }

            test "with the same parent: the mean over parents" {
                use _ = torch.NewDisposeScope()
                let data = dataset 1 levels
                let rows = normal data

                let byParent =
                    [
                        for parent in 0L .. 1L ->
                            let places =
                                [| 0L .. 23L |] |> Array.filter (fun row -> fine[int row] / 2L = parent)

                            let rows = rows.index_select (0L, torch.tensor places)
                            let labels = places |> Array.map (fun row -> fine[int row])
                            direct neighbours rows labels rows labels true
                    ]

                let parents =
                    { options (HierarchyLevel.One 0) with
                        Space = EmbeddingSpace.WithSameParentLabel
                    }

                for level in [ HierarchyLevel.One 0; HierarchyLevel.All ] do
                    let options =
                        { parents with
                            Embedding = (options level).Embedding
                        }

                    let found = (evaluate options (datasets [ "val", data ]) null).Splits["val"]

                    for entry in byParent.Head.Values do
                        let mean = byParent |> List.averageBy (fun one -> one.Values[entry.Key].Value)
                        Expect.floatClose Expecto.Accuracy.veryHigh found[$"{entry.Key}_level0"].Value mean entry.Key

                throws<ArgumentException> "two levels" (fun () ->
                    evaluate
                        { parents with
                            Embedding = (options HierarchyLevel.All).Embedding
                        }
                        (datasets [ "val", dataset 1 fine ])
                        null
                    |> ignore)
            }

            test "a parent without a match says nothing, and one without references is left out" {
                use _ = torch.NewDisposeScope()
                // Of parent 9 there is one sample alone.
                let labels =
                    Array2D.init 24 2 (fun row level -> if row = 0 then 9L else levels[row, level])

                let space =
                    { first with
                        Space = EmbeddingSpace.WithSameParentLabel
                    }

                let both = dataset 1 labels
                let found = (evaluate space (datasets [ "val", both ]) null).Splits["val"]

                for entry in found do
                    Expect.isFalse (Double.IsNaN entry.Value.Value) entry.Key

                let others =
                    dataset 2 (Array2D.init 24 2 (fun row level -> if level = 1 then 0L else row % 2 |> int64))

                let found =
                    evaluate space (datasets [ "val", both; "train", others ]) [| SplitToEval("val", [| "train" |]) |]

                for entry in found.Splits["val"] do
                    Expect.isFalse (Double.IsNaN entry.Value.Value) entry.Key
            }

            test "two streams: anchors among the others, at any level" {
                use _ = torch.NewDisposeScope()
                let anchors, others = random 1 24 6, random 2 24 6
                let data = datasets [ "val", Dataset.ofInputs [ anchors; others ] levels ]

                let found =
                    evaluate
                        { options (HierarchyLevel.All) with
                            Space = EmbeddingSpace.TwoStream
                        }
                        data
                        null

                let query, reference =
                    torch.nn.functional.normalize anchors, torch.nn.functional.normalize others

                let parents = fine |> Array.map (fun label -> label / 2L)
                same (direct neighbours query fine reference fine false) "_level0" found.Splits["val"]
                same (direct neighbours query parents reference parents false) "_level1" found.Splits["val"]

                throws<ArgumentException> "its own second" (fun () ->
                    evaluate
                        { first with
                            Space = EmbeddingSpace.TwoStream
                        }
                        (datasets [ "val", Dataset.ofInputs [ anchors; others ] fine; "train", dataset 1 fine ])
                        [| SplitToEval("val", [| "train" |]) |]
                    |> ignore)
            }

            test "principal components: of the references, in order, with signs that are fixed" {
                use _ = torch.NewDisposeScope()
                let data = random 1 50 4 * torch.tensor [| 5.0f; 1.0f; 0.0f; 2.0f |]
                let data = data + data.narrow (1L, 0L, 1L)
                let pca = Pca.Fit(data, 3)
                let found = pca.Project data
                let again = (Pca.Fit(data * 3.0 + 7.0, 3)).Project(data * 3.0 + 7.0)
                Expect.isTrue (found.allclose (again, 1e-3, 1e-3)) "scales and offsets of columns do not count"
                Expect.isFalse (found.isnan().any().item<bool>()) "nor does a column that says nothing new"
                let centred = found - found.mean [| 0L |]
                let covariance = centred.t().mm centred
                let variances = covariance.diagonal().data<float32>().ToArray()
                Expect.equal variances (Array.sortDescending variances) "largest first"

                let offDiagonal =
                    (covariance - torch.diag (covariance.diagonal ())).abs().max().item<float32>()

                Expect.isLessThan offDiagonal (1e-3f * variances[0]) "uncorrelated"
                let flat = Pca.Fit(torch.ones (5L, 2L), 1)

                Expect.equal
                    (floats (flat.Project(torch.ones (5L, 2L))))
                    (Array.zeroCreate 5)
                    "columns that do not vary"

                throws<ArgumentException> "1 to 4" (fun () -> Pca.Fit(data, 5) |> ignore)

                throws<ArgumentException> "at least two samples" (fun () ->
                    Pca.Fit(data.narrow (0L, 0L, 1L), 1) |> ignore)
            }

            test "a query is projected as its references are" {
                use _ = torch.NewDisposeScope()
                let one, other = dataset 1 fine, dataset 2 fine

                let options = { first with Pca = Nullable 3 }

                let found =
                    evaluate options (datasets [ "train", one; "val", other ]) [| SplitToEval("val", [| "train" |]) |]

                let raw =
                    function
                    | Dataset.Tensors(inputs, _) -> inputs[0]
                    | Dataset.Samples _ -> invalidOp "tensors"

                let pca = Pca.Fit(raw one, 3)

                let seen data =
                    torch.nn.functional.normalize (pca.Project(raw data))

                same (direct neighbours (seen other) fine (seen one) fine false) "_level0" found.Splits["val"]
            }

            test "losses: the mean over batches, on what the networks make" {
                use _ = torch.NewDisposeScope()
                let data = dataset 1 fine
                let loss = Contrastive.loss Contrastive.defaults

                let options =
                    { first with
                        Losses = [| KeyValuePair("metric_loss", loss) |]
                    }

                let found = evaluate options (datasets [ "val", data ]) null
                let value = valueOf found "metric_loss"

                // One batch: its order does not matter.
                let raw =
                    match data with
                    | Dataset.Tensors(inputs, _) -> inputs[0]
                    | Dataset.Samples _ -> invalidOp "tensors"

                let expected = loss.Compute(raw, torch.tensor fine).ToDouble()
                Expect.floatClose Expecto.Accuracy.medium value expected "of the whole split"

                let smaller =
                    { options with
                        Embedding = { options.Embedding with BatchSize = 7 }
                    }

                let again () =
                    valueOf (evaluate smaller (datasets [ "val", data ]) null) "metric_loss"

                Expect.equal (again ()) (again ()) "every time the same"
            }

            test "splits that do not fit are refused in words" {
                use _ = torch.NewDisposeScope()
                let data = datasets [ "val", dataset 1 fine ]

                let refused text splits =
                    throws<ArgumentException> text (fun () -> evaluate first data splits |> ignore)

                refused "no split \"test\"" [| SplitToEval "test" |]
                refused "no split \"train\"" [| SplitToEval("val", [| "train" |]) |]
                refused "2 times" [| SplitToEval "val"; SplitToEval "val" |]
                throws<ArgumentException> "no references" (fun () -> SplitToEval("val", [||]) |> ignore)
                throws<ArgumentException> "twice" (fun () -> SplitToEval("val", [| "val"; "val" |]) |> ignore)
            }

            test "names of records" {
                let describe change =
                    TestOptions.describe "accuracies" "0" (change first)

                Expect.equal (describe id) "accuracies_normalized_GlobalEmbeddingSpaceTester_level_0" "usual"

                Expect.equal
                    (describe (fun options ->
                        { options with
                            Pca = Nullable 3
                            UseTrunkOutput = true
                            Accuracy =
                                { options.Accuracy with
                                    Averaging = Averaging.OverClasses
                                }
                        }))
                    "accuracies_pca3_normalized_trunk_GlobalEmbeddingSpaceTester_level_0_avg_of_avgs"
                    "everything"

                let group prefix split =
                    TestOptions.groupName prefix "accuracies" split

                Expect.equal (group null (SplitToEval "val")) "accuracies_VAL_vs_self" "itself"

                Expect.equal
                    (group "first" (SplitToEval("val", [| "val"; "train" |])))
                    "first_accuracies_VAL_vs_TRAIN_and_VAL"
                    "others"
            }

            testSequenced
            <| test "nothing changes: modes, weights, buffers, losses, random streams, live tensors" {
                let trunk, embedder =
                    (EmbeddingNetworks.trunk (): Modules.Sequential), EmbeddingNetworks.embedder ()

                let losses = losses ()

                let modules: torch.nn.Module list =
                    [
                        yield trunk
                        yield embedder
                        for entry in losses do
                            yield entry.Value
                    ]

                trunk.train true |> ignore
                embedder.train false |> ignore

                let options =
                    { first with
                        Losses = losses
                        Pca = Nullable 2
                        Accuracy = AccuracyOptions.defaults
                        Embedding = { first.Embedding with BatchSize = 10 }
                    }

                let data = datasets [ "train", dataset 1 fine; "val", dataset 2 fine ]

                let run () =
                    Testing.test
                        options
                        data
                        1
                        trunk
                        embedder
                        [| SplitToEval("val", [| "train"; "val" |]) |]
                        (Action<_, _, _>(fun _ _ _ -> ()))

                // What is made once, at first use.
                let expected = run ()

                let weights, generator, live =
                    bits modules, EmbeddingNetworks.generator (), liveTensors ()

                let found = run ()
                Expect.equal (liveTensors ()) live "live tensors"
                Expect.equal (bits modules) weights "modes, weights and buffers"
                Expect.equal (EmbeddingNetworks.generator ()) generator "the user's random numbers"

                for entry in expected.Splits["val"] do
                    Expect.equal (valueOf found entry.Key) entry.Value.Value $"{entry.Key}, again"
            }

            testSequenced
            <| test "embeddings belong to the caller, as a test sees them" {
                let before = liveTensors ()
                let data = dataset 1 fine
                let found = Testing.embeddings { first with Pca = Nullable 2 } identity null data
                Expect.equal (liveTensors ()) (before + 3L) "data, embeddings and labels"
                let found = Array.exactlyOne found
                Expect.equal found.Embeddings.shape [| rows; 2L |] "embeddings"
                Expect.equal found.Labels.shape [| rows; 1L |] "labels"
                use lengths = found.Embeddings.norm 1
                Expect.isTrue (lengths.allclose (torch.ones rows)) "of length 1"
                found.Dispose()

                match data with
                | Dataset.Tensors(inputs, _) -> inputs[0].Dispose()
                | Dataset.Samples _ -> ()
            }
        ]
