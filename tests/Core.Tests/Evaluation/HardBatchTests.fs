/// Batches of hard negatives: what is in them.
module MetricLearning.Core.Tests.Evaluation.HardBatchTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations

let private seed = Seed.ofInt64 6L

let private config = { Checked.config with maxTest = 40 }

// Classes of uneven sizes, and points of the plane that are their own embeddings: a class is a cloud.
let private labelsOf (number: int) (classes: int) : int64[] =
    let draws = (Seed.ofInt64 (int64 number)).Random()

    Array.init classes (fun place -> Array.create (1 + draws.Next 7) (int64 place * 3L - 4L))
    |> Array.concat

let private pointsOf (labels: int64[]) : Tensor =
    let draws = (Seed.ofInt64 2L).Random()

    torch
        .tensor(
            array2D
                [
                    for label in labels ->
                        let angle = float label + draws.NextDouble()
                        [ float32 (cos angle); float32 (sin angle) ]
                ]
        )
        .DetachFromDisposeScope()

let private identity = torch.nn.Identity()

let private dataOf (labels: int64[]) =
    TrainingData.FromTensors(pointsOf labels, labels)

let private batchesOf (sampler: BatchSampler) (pass: int64) : int64[][] = sampler.Pass(seed, pass) |> Seq.toArray

// The first `anchorClasses` × m samples of a batch are anchors.
let private anchorsOf (m: int) (anchorClasses: int) (batch: int64[]) : int64[] =
    Array.truncate (m * anchorClasses) batch

let private mistake (make: unit -> HardNegativeBatchSampler) : string =
    Expect.throwsC (make >> ignore) _.Message

let tests =
    testList
        "batches of hard negatives"
        [
            testPropertyWithConfig config "m samples of so many classes, and every sample an anchor once a pass"
            <| fun (number: int) (PositiveInt more) (PositiveInt m) (PositiveInt width) ->
                let classes, m = 2 + more % 9, 1 + m % 4
                let width = 2 + width % (classes - 1)
                let labels = labelsOf number classes
                let size = labels |> Array.countBy id |> Map.ofArray

                let sampler =
                    HardNegativeBatchSampler(labels, m, m * width, dataOf labels, identity)

                let found = batchesOf sampler 0L
                Expect.equal sampler.Length (Nullable found.LongLength) "Length"

                for batch in found do
                    let byClass = batch |> Array.groupBy (fun sample -> labels[int sample])
                    Expect.equal byClass.Length width "classes"

                    for label, samples in byClass do
                        Expect.equal samples.Length m "samples"
                        let different = samples |> Array.distinct |> Array.length
                        Expect.isGreaterThanOrEqual different (min m size[label] |> min m) "different samples"

                Expect.equal
                    (found
                     |> Array.collect (anchorsOf m (width - width / 2))
                     |> Array.distinct
                     |> Array.length)
                    labels.Length
                    "every sample"

            test "what is mined is of the ranks that the options name" {
                let labels = [| for row in 0L .. 79L -> row / 4L |]
                let data = dataOf labels
                let options = HardNegativeOptions(SkipNearest = 1, Count = 3, MaxSimilarity = 0.99)

                use points = pointsOf labels
                use mined = HardNegatives.Mine(points, labels, options)
                let negatives = numbers mined.Indices |> Array.chunkBySize 3

                let sampler =
                    HardNegativeBatchSampler(labels, 4, 32, data, identity, hardClasses = 6, options = options)

                for batch in batchesOf sampler 0L do
                    let anchors = anchorsOf 4 2 batch

                    let around =
                        anchors
                        |> Array.collect (fun sample -> negatives[int sample])
                        |> Array.filter ((<=) 0L)

                    let possible =
                        around |> Array.map (fun sample -> labels[int sample]) |> Array.distinct

                    let others = batch[8..] |> Array.chunkBySize 4

                    let isMined =
                        others
                        |> Array.filter (fun group -> Array.contains group[0] around)
                        |> Array.length

                    // Classes of anchors have no place among the others.
                    let free =
                        possible
                        |> Array.except (anchors |> Array.map (fun sample -> labels[int sample]))
                        |> Array.length

                    Expect.equal isMined (min 6 free) "as many classes as are confused with the anchors"
            }

            test "passes go on with the anchors where the one before ended" {
                let labels = [| for row in 0L .. 59L -> row % 6L |]
                let data = dataOf labels

                let anchors (refreshEvery: Nullable<int>) passes =
                    let sampler =
                        HardNegativeBatchSampler(labels, 2, 8, data, identity, refreshEvery = refreshEvery)

                    Array.init passes int64
                    |> Array.collect (batchesOf sampler)
                    |> Array.map (anchorsOf 2 2)

                let whole = anchors (Nullable()) 2
                Expect.hasLength whole 30 "two passes of 15 batches"
                Expect.equal (anchors (Nullable 3) 10) whole "ten passes of three"
                Expect.equal (anchors (Nullable 10) 3) whole "three of ten"
            }

            test "where nothing is near enough to be told from the others, chance chooses" {
                let labels = [| for row in 0L .. 39L -> row % 5L |]
                let options = HardNegativeOptions(MaxSimilarity = -1.0)

                let sampler =
                    HardNegativeBatchSampler(labels, 2, 10, dataOf labels, identity, options = options)

                for batch in batchesOf sampler 0L do
                    Expect.hasLength (batch |> Array.distinctBy (fun sample -> labels[int sample])) 5 "all classes"
            }

            test "labels may be words, and other ones than those of the data set" {
                let labels = [| for row in 0L .. 19L -> row % 5L |]
                let words = labels |> Array.map (fun label -> $"class {label}")

                let sampler (labels: obj) (data: TrainingData) =
                    batchesOf (HardNegativeBatchSampler(labels, 2, 8, data, identity)) 0L

                let expected = sampler labels (dataOf labels)
                Expect.equal (sampler words (TrainingData.FromTensors(pointsOf labels, words))) expected "words"
                let levels = array2D [ for label in labels -> [ label; label % 2L ] ]
                Expect.equal (sampler labels (TrainingData.FromTensors(pointsOf labels, levels))) expected "levels"
            }

            test "mistakes are named together" {
                let labels = [| for row in 0L .. 19L -> row % 5L |]
                let data = dataOf labels

                let made (labels: obj) m batchSize hard =
                    mistake (fun () ->
                        HardNegativeBatchSampler(labels, m, batchSize, data, identity, hardClasses = hard))

                Expect.equal
                    (made (Array.create 20 1L) 2 8 (Nullable()))
                    "HardNegativeBatchSampler: All labels are the same: a negative has another label. Give data of at least two classes."
                    "one class"

                Expect.equal
                    (made labels[..10] 0 8 (Nullable()))
                    "HardNegativeBatchSampler: There are 11 labels and 20 samples: give one label per sample. m is 0: it must be at least 1."
                    "two mistakes"

                for text, m, batchSize, hard in
                    [
                        "batchSize is 9: it must be a multiple of m, 2, and at least 4", 2, 9, Nullable()
                        "batchSize is 2: it must be a multiple of m, 2, and at least 4", 2, 2, Nullable()
                        "a batch has 6 classes, but there are 5 different labels", 2, 12, Nullable()
                        "hardClasses is 4: of the 4 classes of a batch, at least one is of anchors and one mined. Give 1 to 3.",
                        2,
                        8,
                        Nullable 4
                        "hardClasses is 0", 2, 8, Nullable 0
                    ] do
                    Expect.stringContains (made labels m batchSize hard) text "the mistake"

                throws<ArgumentException> "give one label per sample" (fun () ->
                    HardNegativeBatchSampler(array2D [ for row in 0..19 -> [ row; row % 2 ] ], 2, 8, data, identity)
                    |> ignore)

                throws<ArgumentException> "refreshEvery is 0" (fun () ->
                    HardNegativeBatchSampler(labels, 2, 8, data, identity, refreshEvery = Nullable 0)
                    |> ignore)
            }
        ]
