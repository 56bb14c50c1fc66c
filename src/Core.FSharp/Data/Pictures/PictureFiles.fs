namespace MetricLearning

open System.IO

/// The paths of many files: each folder's is kept once.
[<ReferenceEquality>]
type internal PictureFiles =
    {
        Folders: string[]
        /// For each file its folder's place.
        FolderOf: int[]
        Names: string[]
    }

module internal PictureFiles =

    let path (files: PictureFiles) (index: int) : string =
        Path.Join(files.Folders[files.FolderOf[index]], files.Names[index])

    let chosen (indices: int[]) (files: PictureFiles) : PictureFiles =
        { files with
            FolderOf = indices |> Array.map (fun index -> files.FolderOf[index])
            Names = indices |> Array.map (fun index -> files.Names[index])
        }

    /// Files by their whole paths.
    let ofPaths (paths: string[]) : PictureFiles =
        let folders = paths |> Array.map (fun path -> nonNull (Path.GetDirectoryName path))
        let distinct = Array.distinct folders
        let places = dict (distinct |> Array.mapi (fun place folder -> folder, place))

        {
            Folders = distinct
            FolderOf = folders |> Array.map (fun folder -> places[folder])
            Names = paths |> Array.map (fun path -> nonNull (Path.GetFileName path))
        }
