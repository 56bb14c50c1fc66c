module MetricLearning.Core.Tests.Data.Pictures.FolderTests

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
        "folders of pictures"
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
        ]
