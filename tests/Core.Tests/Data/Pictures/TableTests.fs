module MetricLearning.Core.Tests.Data.Pictures.TableTests

open System
open System.IO
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.PictureFolders

let tests =
    testList
        "tables of pictures"
        [
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

                        throws<InvalidDataException> message (fun () ->
                            PictureSet.FromTable(table, "a", [ "b" ]) |> ignore))
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
                    throws<ArgumentException> "has no value \"z z\"" (fun () -> set.Where("kind", "z z") |> ignore)
                    File.WriteAllText(table, "class,split\n00,train\n01,train\n")

                    throws<ArgumentException> "no row for the class \"02\"" (fun () ->
                        (PictureSet.FromFolder folder).WithTable(table, "class") |> ignore))
            }
        ]
