/// Several views of each sample.
module MetricLearning.Core.Tests.Data.SampleViewTests

open System
open System.Collections.Generic
open System.IO
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Sources

/// Ten samples with noise of their own seed, of class 100 + index % 3.
let private noisy =
    TrainingData.FromSamples(
        10L,
        fun index seed -> struct ([| float index; float (Seed.below 1_000_000L 0L seed) |], 100L + index % 3L)
    )

let private source (data: TrainingData) =
    BatchSource.ofDataset Reading.Default data

let private dictionary (index: int64) (seed: Seed) =
    Dictionary(dict [ "data", float index + float (Seed.below 1000L 0L seed); "label", 7.0 ])

let private forms: (string * TrainingData * int) list =
    [
        "a tensor",
        TrainingData.FromSamples(10L, fun index seed -> torch.tensor [| index; Seed.below 1000L 0L seed |]),
        1
        "an array of numbers", TrainingData.FromSamples(10L, fun index seed -> [| index; Seed.below 1000L 0L seed |]), 1
        "a number", TrainingData.FromSamples(10L, fun index seed -> index + Seed.below 1000L 0L seed), 1
        "data and label", noisy, 1
        "a dictionary", TrainingData.FromSamples(10L, dictionary), 1
        "a list",
        TrainingData.FromSamples(10L, fun index seed -> ResizeArray [ index + Seed.below 1000L 0L seed; 5L ]),
        1
        "two inputs and a label", TrainingData.FromSamples(10L, fun index seed -> index, seed.Random().Next(), "a"), 2
        "a data set of TorchSharp's", TrainingData.FromDataset(new Pictures(-1L)), 1
    ]

let private passOf (workers: int) (number: int64) (data: TrainingData) (from: int) =
    use loader = new Loader(source data, DataOrder.shuffled 10L 4, workers)
    let mutable cursor = Cursor.start

    [
        for batch in 0..5 do
            // A run that is resumed asks for its next batch first.
            if batch = from then
                loader.Rest()

            let loaded =
                loader.Fetch(Seed.ofInt64 number, cursor, Threading.CancellationToken.None)

            cursor <- loaded.After
            use batch = loaded.Batch
            [ for data in batch.Data -> floats data ], numbers batch.Labels
    ]

let private pictures (folder: string) (cache: int64) (read: string -> unit) =
    let set = PictureFolders.made 2 3 folder

    let noted =
        Augment.Of(fun picture seed ->
            read (seed.Random().Next().ToString())
            picture)

    set, set.ToTrainingData(PictureFormat(5, 5, CacheBytes = cache), Augment.Compose(noted, Augment.Shift 0.4))

let tests =
    testList
        "views of samples"
        [
            for name, data, inputs in forms do
                for views in [ 2; 5 ] do
                    test $"{views} of {name}, side by side, with the number of the sample" {
                        use source = source (data.ToViews views)
                        use batch = fetch source [ 3L; 9L; 3L ]
                        Expect.equal batch.Data.Length (inputs * views) "views"
                        Expect.equal (numbers batch.Labels) [| 3L; 9L; 3L |] "labels"

                        for data in batch.Data do
                            Expect.equal (data.size 0) 3L "rows"
                    }

            test "views differ, and so do those of a sample that is taken twice" {
                use source = source (noisy.ToViews 3)
                use batch = fetch source [ 4L; 4L ]

                let chances =
                    [
                        for data in batch.Data do
                            for row in Array.chunkBySize 2 (floats data) do
                                Expect.equal row[0] 4.0 "of one sample"
                                row[1]
                    ]

                Expect.equal (List.distinct chances).Length 6 $"{chances}"
            }

            test "labelled views have the sample's own label" {
                use source = source (noisy.ToLabelledViews())
                use batch = fetch source [ 0L; 1L; 3L ]
                Expect.equal batch.Data.Length 2 "views"
                Expect.equal (numbers batch.Labels) [| 100L; 101L; 100L |] "labels"

                let bare = TrainingData.FromSamples(10L, fun index _ -> torch.tensor [| index |])
                use source = BatchSource.ofDataset Reading.Default (bare.ToLabelledViews())
                throws<PartException> "ToViews, which needs none" (fun () -> fetch source [ 1L ] |> ignore)
            }

            testPropertyWithConfig
                { Checked.config with maxTest = 20 }
                "the bits are the same for any number of workers, from any place"
            <| fun (number: int64) (NonNegativeInt from) ->
                let data = noisy.ToViews()
                let expected = passOf 0 number data -1

                for workers in 0..3 do
                    Expect.equal (passOf workers number data (from % 6)) expected $"{workers} workers"

            test "another seed gives other views" {
                let data = noisy.ToViews()
                Expect.notEqual (passOf 0 1L data -1) (passOf 0 2L data -1) "chance"
            }

            test "a picture is read once for all of its views" {
                Folders.using (fun folder ->
                    let changes = List<string>()
                    let set, data = pictures folder 1_000_000L changes.Add
                    use source = source (data.ToViews 3)
                    use batch = fetch source [ 5L; 2L ]
                    Expect.equal batch.Data.Length 3 "views"
                    Expect.equal (numbers batch.Labels) [| 5L; 2L |] "numbers"
                    Expect.equal (Seq.distinct changes |> Seq.length) 6 "each with chance of its own"
                    use labelled = BatchSource.ofDataset Reading.Default (data.ToLabelledViews())
                    use batch = fetch labelled [ 5L; 2L ]
                    Expect.equal (numbers batch.Labels) [| 1L; 0L |] "classes"

                    // What is read is in the format's cache, or is read again: once a sample, and not once a view.
                    let _, uncached = pictures folder 0L (fun _ -> File.Delete(set.PathOf 4))
                    use fresh = BatchSource.ofDataset Reading.Default (uncached.ToViews 4)
                    use batch = fetch fresh [ 4L ]
                    Expect.equal batch.Data.Length 4 "the file is gone after the first view")
            }

            test "what no seed changes has no views" {
                throws<InvalidOperationException> "FromSamples of a count and a function" (fun () ->
                    TrainingData.FromTensors(rows (), labels ()).ToViews() |> ignore)

                Folders.using (fun folder ->
                    let set = PictureFolders.made 1 2 folder

                    throws<InvalidOperationException> "give ToTrainingData an augmentation" (fun () ->
                        set.ToTrainingData(PictureFormat(5, 5)).ToLabelledViews() |> ignore))
            }

            test "one view is none" {
                for views in [ 1; 0; -2 ] do
                    throws<ArgumentException> "views must be at least 2" (fun () -> noisy.ToViews views |> ignore)
            }

            test "samples that say nothing" {
                let odd =
                    TrainingData.FromSamples(10L, fun _ _ -> Dictionary(dict [ "picture", 1.0 ]))

                use source = BatchSource.ofDataset Reading.Default (odd.ToViews())
                throws<PartException> "without the key \"data\"" (fun () -> fetch source [ 1L ] |> ignore)
            }
        ]
