module MetricLearning.Core.Tests.Data.Pictures.SetTests

open System
open System.Drawing
open System.IO
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations

let private dot =
    PictureBytesByHand.rgba 3 3 (fun y x -> byte (80 * y), byte (80 * x), 9uy, 255uy)

/// Files in a folder, all the same small picture.
let private files (folder: string) (names: string seq) =
    for name in names do
        let path = Path.Combine(folder, name)
        Directory.CreateDirectory(nonNull (Path.GetDirectoryName path)) |> ignore
        File.WriteAllBytes(path, dot)

let private names (folder: string) (set: PictureSet) =
    [
        for index in 0 .. set.Count - 1 -> Path.GetRelativePath(folder, set.PathOf index)
    ]

let private made (classes: int) (each: int) (folder: string) =
    files
        folder
        [
            for number in 0 .. classes - 1 do
                for picture in 1..each -> $"{number:D2}/{picture}.png"
        ]

    PictureSet.FromFolder folder

let private paths (set: PictureSet) =
    [ for index in 0 .. set.Count - 1 -> set.PathOf index ]

let tests =
    testList
        "sets of pictures"
        [
            test "a folder a class; other files, hidden ones and hidden folders are left out" {
                Folders.using (fun folder ->
                    files
                        folder
                        [
                            "owl/b.PNG"
                            "owl/a.jpeg"
                            "cat/1.Gif"
                            "cat/.hidden.png"
                            ".trash/x.png"
                            "cat/notes.txt"
                        ]

                    let set = PictureSet.FromFolder folder
                    Expect.equal (names folder set) [ "cat/1.Gif"; "owl/a.jpeg"; "owl/b.PNG" ] "files"
                    Expect.equal set.Labels [| 0L; 1L; 1L |] "labels"
                    Expect.equal (Seq.toList set.Classes) [ "cat"; "owl" ] "classes")
            }

            test "nested folders are levels" {
                Folders.using (fun folder ->
                    files folder [ "birds/owl/1.png"; "birds/hen/1.png"; "tools/hen/1.png" ]
                    let set = PictureSet.FromFolder folder
                    Expect.equal (Seq.toList set.Levels) [ "class"; "group" ] "levels"
                    Expect.equal (Seq.toList set.Classes) [ "birds/hen"; "birds/owl"; "tools/hen" ] "classes"
                    Expect.equal set.LabelTable (array2D [ [ 0L; 0L ]; [ 1L; 0L ]; [ 2L; 1L ] ]) "labels"
                    Expect.equal (set.Values "group") [| "birds"; "birds"; "tools" |] "groups"
                    Expect.equal (set.WithLevels("group").Labels) [| 0L; 0L; 1L |] "other levels")
            }

            test "folders that are no classes are refused" {
                Folders.using (fun folder ->
                    throws<InvalidDataException> "no pictures" (fun () -> PictureSet.FromFolder folder |> ignore)
                    files folder [ "a/1.png"; "b/c/1.png" ]
                    throws<InvalidDataException> "as many folders" (fun () -> PictureSet.FromFolder folder |> ignore)
                    files folder [ "1.png" ]
                    throws<InvalidDataException> "no class's folder" (fun () -> PictureSet.FromFolder folder |> ignore)

                    throws<DirectoryNotFoundException> "nowhere" (fun () ->
                        PictureSet.FromFolder(Path.Combine(folder, "nowhere")) |> ignore))
            }

            test "links are followed, but not in circles" {
                Folders.using (fun folder ->
                    files folder [ "set/owl/1.png"; "elsewhere/2.png"; "elsewhere/far/3.png" ]

                    let link name target =
                        Directory.CreateSymbolicLink(Path.Combine(folder, name), target) |> ignore

                    link "set/owl/again" ".."
                    link "set/hen" (Path.Combine(folder, "elsewhere"))
                    link "elsewhere/far/back" "../../set/hen"
                    link "set/owl/nowhere" "gone"
                    File.Delete(Path.Combine(folder, "elsewhere/far/3.png"))

                    File.CreateSymbolicLink(Path.Combine(folder, "set/owl/same.png"), "1.png")
                    |> ignore

                    let set = PictureSet.FromFolder(Path.Combine(folder, "set"))
                    Expect.equal (names folder set) [ "set/hen/2.png"; "set/owl/1.png"; "set/owl/same.png" ] "files")
            }

            test "a table of pictures" {
                Folders.using (fun folder ->
                    files folder [ "in/1.png"; "in/2.png" ]
                    let table = Path.Combine(folder, "all.csv")

                    File.WriteAllText(
                        table,
                        "\uFEFFfile,what,\"the \"\"group\"\"\"\r\nin/1.png,\"owl, grey\",birds\r\n\r\nin/2.png,\"hen\nred\",birds"
                    )

                    let set = PictureSet.FromTable(table, "file", [ "what"; "the \"group\"" ])
                    Expect.equal (names folder set) [ "in/1.png"; "in/2.png" ] "files"
                    Expect.equal (Seq.toList set.Classes) [ "hen\nred"; "owl, grey" ] "classes"
                    Expect.equal set.LabelTable (array2D [ [ 1L; 0L ]; [ 0L; 0L ] ]) "labels"

                    throws<ArgumentException> "no column \"path\"" (fun () ->
                        PictureSet.FromTable(table, "path", [ "what" ]) |> ignore))
            }

            test "a table's mistakes are named by line" {
                Folders.using (fun folder ->
                    let table = Path.Combine(folder, "all.csv")

                    for text, message in
                        [
                            "", "line 1: the table is empty"
                            "a,b\n1,2\n3\n", "line 3: there are 1 cells"
                            "a,b\n1,\"2\n3\n", "line 2: a quote is opened"
                            "a,b\n1,\"2\"3\n", "line 2: text follows"
                            "a,a\n", "2 columns have the name"
                        ] do
                        File.WriteAllText(table, text)
                        throws<FormatException> message (fun () -> PictureSet.FromTable(table, "a", [ "b" ]) |> ignore))
            }

            test "a table of classes" {
                Folders.using (fun folder ->
                    let set = made 3 2 folder
                    let table = Path.Combine(folder, "classes.csv")
                    File.WriteAllText(table, "class,split,kind\n02,test,x\n00,train,y\n01,train,x\n")
                    let set = set.WithTable(table, "class").WithLevels("class", "kind")
                    Expect.equal (set.Values "split") [| "train"; "train"; "train"; "train"; "test"; "test" |] "joined"
                    let parts = set.SplitBy "split"
                    Expect.equal parts["test"].Count 2 "the test part"
                    Expect.equal (Seq.toList parts["test"].Labels) [ 2L; 2L ] "numbers stay"
                    Expect.equal (paths parts["train"]) (paths set |> List.take 4) "the train part"
                    Expect.equal (paths (set.Where("kind", "y"))) (paths set |> List.take 2) "where"
                    File.WriteAllText(table, "class,split\n00,train\n01,train\n")

                    throws<ArgumentException> "no row for the class \"02\"" (fun () ->
                        (PictureSet.FromFolder folder).WithTable(table, "class") |> ignore))
            }

            testProperty "splits divide: by class no class is in both, by sample every class"
            <| fun (PositiveInt classes) (PositiveInt each) (number: int64) ->
                let classes, each = 2 + classes % 9, 2 + each % 6
                let seed = Seed.ofInt64 number

                Folders.using (fun folder ->
                    let set = made classes each folder

                    for fraction in [ 0.01; 0.5; 0.9 ] do
                        for split in [ set.SplitByClass; set.SplitBySample ] do
                            let struct (one, other) = split (fraction, seed)
                            let struct (same, _) = split (fraction, seed)
                            Expect.equal (paths one) (paths same) "a function of the seed"
                            Expect.equal (List.sort (paths one @ paths other)) (paths set) "divided"

                        let struct (one, other) = set.SplitByClass(fraction, seed)
                        let inBoth = Set.intersect (Set one.Labels) (Set other.Labels)
                        Expect.isEmpty inBoth "by class"
                        Expect.isTrue (one.Count > 0 && other.Count > 0) "by class"
                        let struct (one, other) = set.SplitBySample(fraction, seed)
                        Expect.equal (Set one.Labels) (Set set.Labels) "by sample"
                        Expect.equal (Set other.Labels) (Set set.Labels) "by sample"

                        for _, members in Array.countBy id one.Labels do
                            Expect.isLessThanOrEqual (abs (float members - fraction * float each)) 1.0 "stratified")

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
                    Expect.equal (numbers batch.Labels) [| 0L; 1L |] "labels")
            }

            test "floats are normalized, and bytes by the trunk's first layer to the same" {
                Folders.using (fun folder ->
                    let set = made 1 1 folder
                    let means, deviations = [ 0.5; 0.4; 0.3 ], [ 0.2; 0.3; 0.4 ]
                    let floats' = PictureFormat(3, 3, Means = means, Deviations = deviations)
                    let bytes = PictureFormat(3, 3, Numbers = PictureNumbers.Bytes)
                    use layer = new PictureNormalization(means, deviations)
                    use expected = floats'.ToTensor(floats'.Read(set.PathOf 0))
                    use raw = bytes.ToTensor(bytes.Read(set.PathOf 0)).unsqueeze 0L
                    use actual = layer.call raw

                    for one, other in Array.zip (floats actual) (floats expected) do
                        Expect.isLessThan (abs (one - other)) 1e-5 "the same number"

                    throws<ArgumentException> "Numbers = PictureNumbers.Bytes" (fun () -> layer.call actual |> ignore)

                    throws<ArgumentException> "Means has 3 numbers" (fun () ->
                        let grey = PictureFormat(3, 3, Gray = true, Means = means)
                        grey.ToTensor(grey.Read(set.PathOf 0)) |> ignore))
            }

            test "a picture of another shape is stretched, covered or contained" {
                // Red, green, green, blue side by side.
                let wide =
                    PictureBytesByHand.rgba 10 40 (fun _ x ->
                        match x / 10 with
                        | 0 -> 255uy, 0uy, 0uy, 255uy
                        | 3 -> 0uy, 0uy, 255uy, 255uy
                        | _ -> 0uy, 255uy, 0uy, 255uy)

                let colors (fit: PictureFit) =
                    let picture = PictureFormat(8, 8, Fit = fit).Decode(wide, "file")

                    let at y x =
                        Color.FromArgb(int (picture.Pixels.Span[4 * (8 * y + x) + 3]), 0, 0, 0).A,
                        picture.Pixels.Span[4 * (8 * y + x) + 1]

                    [ at 4 0; at 4 4; at 0 4 ]

                Expect.equal (colors PictureFit.Stretch) [ 255uy, 0uy; 255uy, 255uy; 255uy, 255uy ] "stretched"
                Expect.equal (colors PictureFit.Cover) [ 255uy, 255uy; 255uy, 255uy; 255uy, 255uy ] "covered"
                Expect.equal (colors PictureFit.Contain) [ 255uy, 0uy; 255uy, 255uy; 0uy, 0uy ] "contained"
            }

            testProperty "the bits are the same for any number of workers, from any place"
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
        ]
