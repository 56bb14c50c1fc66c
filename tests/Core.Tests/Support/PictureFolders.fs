/// Folders of small pictures.
module MetricLearning.Core.Tests.Support.PictureFolders

open System.IO
open MetricLearning

let dot =
    PictureBytesByHand.rgba 3 3 (fun y x -> byte (80 * y), byte (80 * x), 9uy, 255uy)

/// Files in a folder, all the same small picture.
let files (folder: string) (names: string seq) =
    for name in names do
        let path = Path.Combine(folder, name)
        Directory.CreateDirectory(nonNull (Path.GetDirectoryName path)) |> ignore
        File.WriteAllBytes(path, dot)

let names (folder: string) (set: PictureSet) =
    [
        for index in 0 .. set.Count - 1 -> Path.GetRelativePath(folder, set.PathOf index)
    ]

let made (classes: int) (each: int) (folder: string) =
    files
        folder
        [
            for number in 0 .. classes - 1 do
                for picture in 1..each -> $"{number:D2}/{picture}.png"
        ]

    PictureSet.FromFolder folder

let paths (set: PictureSet) =
    [ for index in 0 .. set.Count - 1 -> set.PathOf index ]
