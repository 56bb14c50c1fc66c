module MetricLearning.Core.Tests.Data.Pictures.SetTests

open System
open System.IO
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.PictureFolders

let tests =
    testList
        "sets of pictures"
        [
            test "broken files are an error that names one, or left out and listed" {
                Folders.using (fun folder ->
                    let set = made 2 2 folder
                    let empty, torn = set.PathOf 1, set.PathOf 2
                    File.WriteAllBytes(empty, [||])
                    File.WriteAllBytes(torn, Array.truncate 55 dot)

                    let batch (set: PictureSet) =
                        let source =
                            BatchSource.ofDataset Reading.Default (set.ToTrainingData(PictureFormat(3, 3)))

                        let indices = [| 0L .. int64 set.Count - 1L |]
                        source.Fetch(indices, Seed.ofInt64 1L, Threading.CancellationToken.None)

                    throws<InvalidOperationException> empty (fun () -> batch set |> ignore)
                    let good = PictureSet.FromFolder(folder, OnBroken.Skip)
                    Expect.equal good.Count 2 "good ones"

                    Expect.equal
                        [ for skipped in good.Skipped -> skipped.Path, skipped.Reason.Split(':')[0] ]
                        [ empty, "the file is empty."; torn, "the picture is cut off" ]
                        "skipped"

                    use batch = batch good
                    Expect.equal batch.Data[0].shape [| 2L; 3L; 3L; 3L |] "shape"
                    Expect.equal (numbers batch.Labels) [| 0L; 1L |] "labels"

                    for path in [ good.PathOf 0; good.PathOf 1 ] do
                        File.WriteAllBytes(path, [||])

                    throws<InvalidDataException> "None of the 4 files is a whole picture" (fun () ->
                        PictureSet.FromFolder(folder, OnBroken.Skip) |> ignore))
            }

            testPropertyWithConfig
                { Checked.config with maxTest = 10 }
                "the bits are the same for any number of workers, from any place"
            <| fun (number: int64) (NonNegativeInt start) ->
                Folders.using (fun folder ->
                    let set = made 3 4 folder
                    // Crops are of different sizes.
                    let augmentations = [| yield! EveryAugmentation.all; Augment.CenterCrop(9, 9) |]
                    let data = set.ToTrainingData(PictureFormat(9, 9), Augment.Compose augmentations)

                    let run workers first =
                        use loader =
                            new Loader(BatchSource.ofDataset Reading.Default data, DataOrder.shuffled 12L 5, workers)

                        let mutable cursor = Cursor.start

                        [
                            for batch in 0..5 do
                                // A resumed run asks for its next batch first.
                                if batch = first then
                                    loader.Rest()

                                let loaded =
                                    loader.Fetch(Seed.ofInt64 number, cursor, Threading.CancellationToken.None)

                                cursor <- loaded.After
                                use made = loaded.Batch
                                floats made.Data[0]
                        ]

                    let expected = run 0 -1

                    for workers in 1..3 do
                        Expect.equal (run workers (start % 6)) expected $"{workers} workers")

            test "the time that the loop waits for data is that of this epoch" {
                Folders.using (fun folder ->
                    let set = made 2 4 folder
                    let data = set.ToTrainingData(PictureFormat(9, 9))

                    use loader =
                        new Loader(BatchSource.ofDataset Reading.Default data, DataOrder.shuffled 8L 4, 0)

                    let wait = EpochWait loader

                    let iteration epoch iteration =
                        wait.Begin
                            { Progress.start (Seed.ofInt64 1L) None Map.empty Cursor.start with
                                Epoch = epoch
                                Iteration = iteration
                            }

                        use batch =
                            loader.Fetch(Seed.ofInt64 1L, Cursor.start, Threading.CancellationToken.None).Batch

                        ignore batch
                        wait.Waited

                    let first = iteration 1 0
                    Expect.isGreaterThan first TimeSpan.Zero "reading takes time"
                    Expect.isGreaterThan (iteration 1 1) first "and adds up"

                    wait.Begin
                        { Progress.start (Seed.ofInt64 1L) None Map.empty Cursor.start with
                            Epoch = 2
                        }

                    Expect.equal wait.Waited TimeSpan.Zero "another epoch")
            }
        ]
